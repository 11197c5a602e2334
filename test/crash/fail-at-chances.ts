// The disk fails under a request: the answer says so in its protocol's form, reads go on, and nothing needs a restart afterwards.
import { Gone, Refused, type Answer, type Client } from './client.ts'
import type { Lab } from './lab.ts'
import { cloneState, type State } from './model.ts'
import { faultKinds, type Fault, type FaultKind } from './orders.ts'
import type { Scenario, Scene } from './scenarios.ts'
import type { Tally } from './tally.ts'

/** Which of them mean that there is no room: their answer is another one. */
const isFull = /ENOSPC|EDQUOT|SQLITE_FULL/
/** Nothing at all can be opened, so nothing can be read. */
const blocksReads = /EMFILE/
/** The driver must get over it by itself. */
const isHarmless = /^write short$|^delete EIO$|^note /

/** Each fault that the scenario can meet, at each of its chances. */
export async function recordFaults(lab: Lab, scenario: Scenario): Promise<readonly Fault[]> {
  const scene = lab.scene()
  await scenario.prepare(lab.client, scene)
  await lab.server.order({ kind: 'record' })
  await scenario.run(lab.client, scene, false)
  const { chances } = await lab.server.recorded()
  await lab.clear(scene)
  return faultKinds.flatMap((kind) =>
    Array.from({ length: chances[kind] ?? 0 }, (_, index) => ({
      kind,
      from: index + 1,
    })),
  )
}

export async function failAt(
  lab: Lab,
  scenario: Scenario,
  fault: Fault,
  tally: Tally,
): Promise<void> {
  tally.at(`${fault.kind} from chance ${fault.from} on`)
  if (scenario.class === 'collection') await lab.sweep()
  const scene = lab.scene()
  await scenario.prepare(lab.client, scene)
  lab.faultAt = Date.now()
  await lab.server.order({ kind: 'fault', fault })
  const failure = await failureOf(scenario, lab.client, scene)
  let happened = blocksReads.test(fault.kind) ? await lab.server.mended() : 0
  // While it lasts: whatever was acknowledged is read.
  const states = [...lab.client.candidates(), withoutUpload(lab.client, scene)]
  await lab.verifyAmong(tally, states, scenario.isPiecewise ?? false)
  lab.client.pending = undefined
  happened += await lab.server.mended()
  // How often a body is written depends on how it arrives: the last chances may not come.
  if (happened > 0) {
    tally.faults += 1
    judgeFailure(failure, fault.kind, tally)
  }
  const again = await failureOf(scenario, lab.client, scene, true)
  if (again !== undefined) tally.violated(`it cannot be repeated afterwards: ${again.message}`)
  await lab.verify(tally, undefined, false)
  await lab.settle(tally)
  await lab.clear(scene)
}

/** A sync that failed ends the upload: what it had is not to be trusted. */
function withoutUpload({ state }: Client, { repository }: Scene): State {
  const ended = cloneState(state)
  ended.get(repository)?.uploads.clear()
  return ended
}

async function failureOf(
  scenario: Scenario,
  client: Client,
  scene: Scene,
  isRetry = false,
): Promise<Gone | Refused | undefined> {
  try {
    await scenario.run(client, scene, isRetry)
    return undefined
  } catch (error) {
    if (error instanceof Gone || error instanceof Refused) return error
    throw error
  }
}

function judgeFailure(failure: Gone | Refused | undefined, kind: FaultKind, tally: Tally): void {
  const violations: string[] = []
  if (failure === undefined && !isHarmless.test(kind)) violations.push('nobody was told of it')
  if (failure instanceof Gone) violations.push('the connection was cut without an answer')
  if (failure instanceof Refused) violations.push(...faultsOfForm(failure.answer, kind))
  tally.judged(1, violations)
}

function faultsOfForm(answer: Answer, kind: FaultKind): readonly string[] {
  const { status, headers, body } = answer
  if (headers.get('x-amzn-errortype') !== null) {
    const { __type: type, message } = JSON.parse(body.toString()) as Record<string, string>
    const isRight = status === 500 && type === 'ServerException' && message !== undefined
    return isRight ? [] : [`the API answers ${status} ${body.toString()}`]
  }
  if (headers.get('content-type') === 'application/x-ndjson') return faultsOfLastLine(body)
  const wanted = isFull.test(kind) ? 507 : 500
  const wrong: string[] = []
  if (status !== wanted) wrong.push(`the status is ${status}, not ${wanted}`)
  // Docker's form has a list, the control API one.
  const { errors, error } = JSON.parse(body.toString()) as {
    errors?: { code?: string; message?: string }[]
    error?: { code?: string; message?: string }
  }
  const told = errors?.[0] ?? error
  if (told?.code === undefined || told.message === undefined)
    wrong.push(`not the protocol's form: ${body.toString()}`)
  if (status === 507 && !/^[0-9]+$/.test(headers.get('retry-after') ?? ''))
    wrong.push('507 without Retry-After')
  return wrong
}

/** A collection tells its state as it goes: one that fails says so in its last line. */
function faultsOfLastLine(line: Buffer): readonly string[] {
  const { kind, message } = JSON.parse(line.toString()) as Record<string, string>
  return kind === 'failed' && message !== undefined ? [] : [`its last line is ${line.toString()}`]
}
