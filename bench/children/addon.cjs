// Prints how many milliseconds it takes in this fresh process to load an addon and to have the result of its first call.
const { addons, loaders } = require('../addons.cjs')

async function main() {
  const [side, name, call] = process.argv.slice(2)
  const addon = addons[name]
  const began = performance.now()
  await addon[call](await loaders[side](addon))
  console.log(performance.now() - began)
  process.exit()
}

main()
