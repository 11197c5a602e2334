// The server dies at a named step; the next one on the same directory must be as if the step had been an instant.
import { Gone, Refused } from './client.ts'
import type { Lab } from './lab.ts'
import type { StepName } from './orders.ts'
import type { Scenario } from './scenarios.ts'
import type { Tally } from './tally.ts'

export interface Place {
  readonly step: StepName
  readonly occurrence: number
}

/** Every step that the scenario takes when nothing goes wrong, in their order. */
export async function recordSteps(lab: Lab, scenario: Scenario): Promise<readonly Place[]> {
  if (scenario.class === 'collection') await lab.sweep()
  const scene = lab.scene()
  await scenario.prepare(lab.client, scene)
  await lab.server.order({ kind: 'record' })
  await scenario.run(lab.client, scene, false)
  const { steps } = await lab.server.recorded()
  await lab.clear(scene)
  return placesOf(
    steps.filter((step) => step.startsWith('job /') === (scenario.inBackground ?? false)),
  )
}

/** A step that comes again and again (a sweep of empty folders) is one in its first, second and last occurrence. */
export function placesOf(steps: readonly StepName[]): readonly Place[] {
  const counts = new Map<StepName, number>()
  const places = steps.map((step) => {
    const occurrence = (counts.get(step) ?? 0) + 1
    counts.set(step, occurrence)
    return { step, occurrence }
  })
  return places.filter(({ step, occurrence }) => occurrence <= 2 || occurrence === counts.get(step))
}

/** Prepares the scene, runs it into the kill, and judges what the next server says; then repeats what was cut, and collects. */
export async function killAt(
  lab: Lab,
  scenario: Scenario,
  place: Place,
  tally: Tally,
  options: { readonly losesPower?: boolean } = {},
): Promise<void> {
  tally.at(`killed at ${place.step} (${place.occurrence})`)
  // Else what the scene before has left would be collected with this one's.
  if (scenario.class === 'collection') await lab.sweep()
  const scene = lab.scene()
  await scenario.prepare(lab.client, scene)
  lab.faultAt = Date.now()
  await lab.server.order({ kind: 'kill', ...place })
  if (await survives(lab, scenario, scene)) {
    tally.violated('the step was not reached')
    await lab.clear(scene)
    return
  }
  tally.kills += 1
  await lab.server.death()
  if (options.losesPower === true) lab.losePower()
  const dead = await lab.restart()
  await lab.verify(tally, dead, scenario.isPiecewise ?? false)
  await repeat(lab, scenario, scene, tally)
  await lab.verify(tally, undefined, false)
  await lab.settle(tally)
  await lab.clear(scene)
}

async function survives(
  lab: Lab,
  scenario: Scenario,
  scene: ReturnType<Lab['scene']>,
): Promise<boolean> {
  try {
    await scenario.run(lab.client, scene, false)
    return true
  } catch (error) {
    if (error instanceof Gone) return false
    throw error
  }
}

async function repeat(
  lab: Lab,
  scenario: Scenario,
  scene: ReturnType<Lab['scene']>,
  tally: Tally,
): Promise<void> {
  try {
    await scenario.run(lab.client, scene, true)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    tally.violated(`what was cut cannot be repeated: ${error.message}`)
  }
}
