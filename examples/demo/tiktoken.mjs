// Step 3 of the demo: the glue that wasm-bindgen made for bundlers is imported as it was published.
import { say, timed } from './say.mjs'

// Imported at run time only so that the import can be timed; a plain import statement does the same.
const { result: { get_encoding }, time } = await timed(() => import('../../node_modules/tiktoken/tiktoken.js'))
say(`import tiktoken_bg.wasm (5.6 MB): ${time}`)

const text = 'WebAssembly is neither web nor assembly.'
const tokenizer = get_encoding('cl100k_base')
const encoded = await timed(() => tokenizer.encode(text))
const decoded = await timed(() => new TextDecoder().decode(tokenizer.decode(encoded.result)))
tokenizer.free()

say(`encode "${text}"`, `=> ${encoded.result.join(' ')}`, `${encoded.time}`)
say('decode these tokens', `=> "${decoded.result}"`, `${decoded.time}`)
if (decoded.result !== text) throw new Error('what was decoded is not what was encoded')
