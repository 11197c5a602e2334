// All parts of the harness, and those that are quick enough for every test run.
import { faultKinds, type StepName } from './orders.ts'
import { failAt, recordFaults } from './fail-at-chances.ts'
import { fillToFloor, fillToTheLastByte, withSmallDisk } from './fill-disk.ts'
import { killAt, recordSteps, type Place } from './kill-at-steps.ts'
import { killFirstStart, recordFirstStart } from './kill-first-start.ts'
import { engineFaults, faultInEngine, withoutStrace } from './kill-in-engine.ts'
import { killUnderLoad } from './kill-under-load.ts'
import { Lab } from './lab.ts'
import { scenarios, type Scenario } from './scenarios.ts'
import { Tally } from './tally.ts'

export interface Part {
  readonly name: string
  /** Why it cannot be done here, or false. */
  readonly skip: string | false
  readonly run: (lab: Lab, tally: Tally) => Promise<void>
}

const all = <T>(list: readonly T[]): readonly T[] => list

/** Each named step of the scenario, before and after. */
function killPart(scenario: Scenario, choose = all<Place>): Part {
  return {
    name: scenario.name,
    skip: false,
    async run(lab, tally) {
      const places = await recordSteps(lab, scenario)
      tally.steps = places.length
      for (const place of choose(places)) await killAt(lab, scenario, place, tally)
    },
  }
}

/** The same, and the power goes with the process: what was not synced is lost. */
function powerPart(scenario: Scenario, choose = all<Place>): Part {
  return {
    name: `${scenario.name}, power lost`,
    skip: false,
    async run(lab, tally) {
      const places = (await recordSteps(lab, scenario)).filter(({ step }) => isOutside(step))
      tally.steps = places.length
      for (const place of choose(places)) {
        await killAt(lab, scenario, place, tally, { losesPower: true })
      }
    },
  }
}

function faultPart(scenario: Scenario, chancesOfEach = Infinity): Part {
  return {
    name: `${scenario.name}, disk fails`,
    skip: false,
    async run(lab, tally) {
      const faults = await recordFaults(lab, scenario)
      tally.steps = faults.length
      for (const kind of faultKinds) {
        const chances = faults.filter((fault) => fault.kind === kind)
        for (const fault of spread(chances, chancesOfEach))
          await failAt(lab, scenario, fault, tally)
      }
    },
  }
}

const loadPart = (rounds: number): Part => ({
  name: '8 clients at once, killed from outside',
  skip: false,
  run: (lab, tally) => killUnderLoad(lab, rounds, tally),
})

const firstStartPart = (choose = all<Place>): Part => ({
  name: 'first start',
  skip: false,
  async run(_lab, tally) {
    const places = await recordFirstStart()
    tally.steps = places.length
    for (const place of choose(places)) await killFirstStart(place, tally)
  },
})

const enginePart = (count = Infinity): Part => ({
  name: 'inside the database engine',
  skip: withoutStrace(),
  async run(lab, tally) {
    const faults = spread(engineFaults, count)
    tally.steps = faults.length
    for (const fault of faults) await faultInEngine(lab, fault, tally)
  },
})

const diskPart = (name: string, fill: typeof fillToFloor): Part => ({
  name,
  skip: process.getuid?.() === 0 ? false : 'only root may mount a disk',
  async run(_lab, tally) {
    const outcome = await withSmallDisk(48, (directory) => fill(directory, tally))
    if (outcome === 'not allowed')
      process.stderr.write(`${name}: skipped, no disk may be mounted\n`)
  },
})

/** Where something outside the process may have changed. */
function isOutside(step: StepName): boolean {
  return !step.includes('/ in a transaction /')
}

function isPush({ class: kind }: Scenario): boolean {
  return kind === 'push'
}

/** Scenarios with a request that is answered; the others have nobody to tell. */
function isAnswered({ inBackground, class: kind }: Scenario): boolean {
  return inBackground !== true && kind !== 'checkpoint'
}

export function wholeHarness(): readonly Part[] {
  return [
    ...scenarios.map((scenario) => killPart(scenario)),
    firstStartPart(),
    loadPart(80),
    enginePart(),
    ...scenarios.filter(isPush).map((scenario) => powerPart(scenario)),
    ...scenarios.filter(isAnswered).map((scenario) => faultPart(scenario)),
    diskPart('disk filled to its floor', fillToFloor),
    diskPart('disk filled to its last byte', fillToTheLastByte),
  ]
}

/**
 * For every test run: of each class of scenarios each kind of step once, with every fault once, and a little of the rest.
 */
export function quickHarness(): readonly Part[] {
  const seen = new Set<string>()
  const unseen = (scenario: Scenario) => (places: readonly Place[]) =>
    places.filter(({ step }) => {
      // The words of a commit differ by scenario, the request too: a kind of step is what is left.
      const kind = `${scenario.class} ${step.slice(step.indexOf('/')).replace(/\(.*\)/, '')}`
      if (!isOutside(step) || seen.has(kind)) return false
      seen.add(kind)
      return true
    })
  const named = (name: string): Scenario[] => scenarios.filter((one) => one.name === name)
  return [
    ...scenarios
      .filter(({ inBackground }) => inBackground !== true)
      .map((scenario) => killPart(scenario, unseen(scenario))),
    loadPart(2),
    enginePart(4),
    ...named('blob by POST and PUT').map((scenario) =>
      powerPart(scenario, (places) => spread(places, 4)),
    ),
    ...named('blob by POST and PUT').map((scenario) => faultPart(scenario, 1)),
    ...named('collection of bytes').map((scenario) => faultPart(scenario, 1)),
    diskPart('disk filled to its floor', fillToFloor),
    diskPart('disk filled to its last byte', fillToTheLastByte),
  ]
}

/** So many of them, from the first to the last. */
function spread<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list
  return list.filter(
    (_, index) =>
      Math.floor((index * count) / list.length) !== Math.floor(((index - 1) * count) / list.length),
  )
}

/** Does the parts, `laboratories` at a time; tells of each that has ended. */
export async function runParts(
  parts: readonly Part[],
  options: { readonly laboratories: number; readonly told: (tally: Tally, ms: number) => void },
): Promise<readonly Tally[]> {
  const tallies = parts.map(({ name }) => new Tally(name))
  const queue = parts.entries()
  const work = async (): Promise<void> => {
    let lab = await Lab.open()
    try {
      for (const [index, part] of queue) {
        const tally = tallies[index]
        if (tally === undefined || part.skip !== false) continue
        const began = performance.now()
        lab = await runPart(part, lab, tally)
        options.told(tally, performance.now() - began)
      }
    } finally {
      await lab.close()
    }
  }
  await Promise.all(Array.from({ length: options.laboratories }, work))
  return tallies
}

/** What the harness itself does not understand is a violation too; the next part begins in a new laboratory. */
export async function runPart(part: Part, lab: Lab, tally: Tally): Promise<Lab> {
  try {
    await part.run(lab, tally)
    return lab
  } catch (error) {
    tally.violated(error instanceof Error ? (error.stack ?? error.message) : String(error))
    await lab.close()
    return Lab.open()
  }
}
