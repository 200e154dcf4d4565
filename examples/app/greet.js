export function greet(name) {
  return `Hello, ${name}!`
}

export function neverCalled() {
  return 'a bundler leaves this out'
}
