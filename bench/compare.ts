// The same measurement of this server and of the peer, turn by turn, so that what else the machine does meets both.
import { startDistribution, startPratique, type RegistryUnderLoad } from './servers.ts'

/** By name; the name says the unit. */
export type Figures = Readonly<Record<string, number>>

export type Print = (line: string) => void

/**
 * Prepares each server once, then measures them in turns; prints the median of each figure with its least and most, and the ratio
 * of the medians where docker-registry is installed. Of figures in `ms`, or said to be so, less is better: their ratio is turned round.
 */
export async function compare<Prepared>(
  print: Print,
  rounds: number,
  prepare: (target: RegistryUnderLoad) => Promise<Prepared>,
  measure: (target: RegistryUnderLoad, prepared: Prepared, round: number) => Promise<Figures>,
): Promise<void> {
  const targets = [await startPratique(), await startDistribution()].filter(
    (target) => target !== undefined,
  )
  try {
    const sides = []
    for (const target of targets) {
      sides.push({ target, prepared: await prepare(target), rounds: [] as Figures[] })
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const side of sides) {
        side.rounds.push(await measure(side.target, side.prepared, round))
      }
    }
    const [ours, theirs] = sides
    if (ours === undefined) throw new Error('nothing was measured')
    print(
      `${ours.target.name} beside ${theirs?.target.name ?? 'nobody (docker-registry is not installed)'}`,
    )
    for (const name of Object.keys(ours.rounds[0] ?? {})) {
      print(`  ${name}: ${lineOf(name, ours.rounds, theirs?.rounds)}`)
    }
  } finally {
    for (const target of targets) await target.stop()
  }
}

function lineOf(
  name: string,
  ours: readonly Figures[],
  theirs: readonly Figures[] | undefined,
): string {
  const mine = spreadOf(ours.map((figures) => figures[name] ?? Number.NaN))
  if (theirs === undefined) return mine.text
  const other = spreadOf(theirs.map((figures) => figures[name] ?? Number.NaN))
  const isLessBetter = name.endsWith('ms') || name.endsWith('(less is better)')
  const ratio = isLessBetter ? other.median / mine.median : mine.median / other.median
  return `${mine.text}, peer ${other.text}: ${ratio.toFixed(2)} times as good`
}

function spreadOf(values: readonly number[]): { readonly median: number; readonly text: string } {
  const sorted = values.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const shown = (value: number | undefined): string =>
    value === undefined ? '?' : value >= 100 ? value.toFixed(0) : value.toFixed(2)
  return { median, text: `${shown(median)} (${shown(sorted[0])} to ${shown(sorted.at(-1))})` }
}
