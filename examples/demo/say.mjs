/** Prints lines the way the demo does: the first one set out, the rest below it. */
export function say(first, ...rest) {
  console.log(`   - ${first}`)
  for (const line of rest) console.log(`     ${line}`)
}

/** Carries out an action and says how long it took. */
export async function timed(action) {
  const began = performance.now()
  const result = await action()
  return { result, time: `${(performance.now() - began).toFixed(1)} ms` }
}
