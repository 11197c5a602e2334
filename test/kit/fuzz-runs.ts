/** How many runs: as many as `usual` in `npm test`, times PRATIQUE_FUZZ_RUNS where that is set, as `npm run fuzz` does. */
export function fuzzRuns(usual: number): number {
  return Math.max(1, Math.round(usual * readNumber('PRATIQUE_FUZZ_RUNS', 1)))
}

/** Of the first run: always the same in `npm test`, new ones in `npm run fuzz`, one of a failure by PRATIQUE_FUZZ_SEED. */
export function fuzzSeed(): number {
  const isLong = process.env['PRATIQUE_FUZZ_RUNS'] !== undefined
  return readNumber('PRATIQUE_FUZZ_SEED', isLong ? Date.now() % 2_000_000_000 : 1)
}

function readNumber(name: string, otherwise: number): number {
  const text = process.env[name]
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!(number > 0)) throw new Error(`${name}=${text} is not a number above zero`)
  return number
}
