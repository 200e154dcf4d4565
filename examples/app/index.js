import { greet } from './greet.js'

for (const name of ['Ada', 'Grace']) console.log(greet(name))
