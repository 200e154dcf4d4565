package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func contains(path, content string) bool {
	found, err := os.ReadFile(path)
	return err == nil && string(found) == content
}

func checkFiles() {
	ok("WriteFile", os.WriteFile("/file", []byte("0123456789"), 0o644))
	file, err := os.OpenFile("/file", os.O_RDWR, 0)
	ok("OpenFile", err)
	buffer := make([]byte, 4)
	n, err := file.ReadAt(buffer, 3)
	holds("ReadAt", n == 4 && err == nil && string(buffer) == "3456")
	n, err = file.ReadAt(buffer, 8)
	holds("ReadAt the end", n == 2 && err == io.EOF)
	n, err = file.WriteAt([]byte("AB"), 4)
	holds("WriteAt", n == 2 && err == nil && contains("/file", "0123AB6789"))
	at, err := file.Seek(-3, io.SeekEnd)
	holds("Seek", at == 7 && err == nil)
	at, err = file.Seek(1, io.SeekCurrent)
	holds("Seek from where it is", at == 8 && err == nil)
	n, err = file.Read(buffer)
	holds("Read", n == 2 && err == nil && string(buffer[:2]) == "89")
	_, err = file.Read(buffer)
	holds("Read the end", err == io.EOF)
	_, err = file.Seek(-1, io.SeekStart)
	fails("Seek before the beginning", err, syscall.EINVAL)
	ok("Truncate", file.Truncate(6))
	ok("Sync", file.Sync())
	info, err := file.Stat()
	holds("Stat of a file", err == nil && info.Size() == 6 && info.Mode().IsRegular() && time.Since(info.ModTime()) < time.Hour)
	ok("Close", file.Close())
	fails("Close twice", file.Close(), os.ErrClosed)

	file, err = os.OpenFile("/file", os.O_WRONLY|os.O_APPEND, 0)
	ok("OpenFile to append", err)
	_, err = file.WriteString("end")
	holds("Write at the end", err == nil && contains("/file", "0123ABend"))
	_, err = file.Read(buffer)
	holds("Read of what is only written", err != nil)
	file.Close()
	_, err = os.OpenFile("/file", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	fails("OpenFile exclusively", err, fs.ErrExist)
	_, err = os.Open("/missing")
	fails("Open", err, fs.ErrNotExist)
	_, err = os.Open("/file/below")
	fails("Open below a file", err, syscall.ENOTDIR)
	_, err = os.ReadFile("/")
	fails("Read a directory", err, syscall.EISDIR)
	_, err = os.ReadFile("/../etc/passwd")
	holds("Open outside", err != nil)

	atime, mtime := time.Unix(1000, 5000), time.Unix(2000, 7000)
	ok("Chtimes", os.Chtimes("/file", atime, mtime))
	info, err = os.Stat("/file")
	holds("Stat after Chtimes", err == nil && info.ModTime().Equal(mtime))
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	ok("WriteFile, a megabyte", os.WriteFile("/large", large, 0o644))
	found, err := os.ReadFile("/large")
	holds("ReadFile, a megabyte", err == nil && bytes.Equal(found, large))
	ok("Remove", os.Remove("/large"))

	content, err := os.ReadFile("/ro/fixed")
	holds("ReadFile of what is read-only", err == nil && string(content) == "fixed")
	holds("WriteFile of what is read-only", os.WriteFile("/ro/fixed", nil, 0o644) != nil)
	holds("Mkdir in what is read-only", os.Mkdir("/ro/dir", 0o755) != nil)
	holds("Remove of what is read-only", os.Remove("/ro/fixed") != nil)
}

func checkDirectories() {
	ok("MkdirAll", os.MkdirAll("/dir/a/b", 0o755))
	fails("Mkdir", os.Mkdir("/dir", 0o755), fs.ErrExist)
	for _, name := range strings.Split("one two three four five", " ") {
		os.WriteFile(filepath.Join("/dir/a", name), []byte(name), 0o644)
	}
	ok("Symlink", os.Symlink("one", "/dir/a/link"))
	target, err := os.Readlink("/dir/a/link")
	holds("Readlink", err == nil && target == "one")
	_, err = os.Readlink("/dir/a/one")
	fails("Readlink of a file", err, syscall.EINVAL)
	info, err := os.Lstat("/dir/a/link")
	holds("Lstat", err == nil && info.Mode()&fs.ModeSymlink != 0)
	holds("ReadFile by a link", contains("/dir/a/link", "one"))
	ok("Link", os.Link("/dir/a/one", "/dir/a/hard"))
	first, _ := os.Stat("/dir/a/one")
	second, _ := os.Stat("/dir/a/hard")
	holds("SameFile", os.SameFile(first, second))

	entries, err := os.ReadDir("/dir/a")
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	holds("ReadDir", err == nil && slices.Equal(names, []string{"b", "five", "four", "hard", "link", "one", "three", "two"}), names)
	dir, _ := os.Open("/dir/a")
	part, err := dir.ReadDir(3)
	rest, other := dir.ReadDir(-1)
	holds("ReadDir in parts", err == nil && other == nil && len(part) == 3 && len(rest) == 5)
	dir.Close()
	_, err = os.ReadDir("/dir/a/one")
	holds("ReadDir of a file", err != nil)
	count := 0
	err = fs.WalkDir(os.DirFS("/dir"), ".", func(path string, entry fs.DirEntry, err error) error {
		count++
		return err
	})
	holds("WalkDir", err == nil && count == 10, count)

	ok("Rename", os.Rename("/dir/a/one", "/dir/moved"))
	holds("Rename moves", contains("/dir/moved", "one"))
	fails("Rename", os.Rename("/dir/a/one", "/dir/moved"), fs.ErrNotExist)
	fails("Remove what is not empty", os.Remove("/dir/a"), syscall.ENOTEMPTY)
	fails("Remove", os.Remove("/dir/a/one"), fs.ErrNotExist)
	ok("RemoveAll", os.RemoveAll("/dir"))
	_, err = os.Stat("/dir")
	fails("Stat", err, fs.ErrNotExist)
	temporary, err := os.MkdirTemp("/", "temporary-*")
	holds("MkdirTemp", err == nil && os.Chdir(temporary) == nil && os.WriteFile("relative", nil, 0o644) == nil)
	_, err = os.Stat(filepath.Join(temporary, "relative"))
	holds("Chdir", err == nil && os.Chdir("/") == nil && os.RemoveAll(temporary) == nil)
	holds("errors.Is", errors.Is(syscall.ENOENT, fs.ErrNotExist))
}
