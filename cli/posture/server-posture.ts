// What the server itself judged, as the reports of an audit show it.
import { setTimeout as delay } from 'node:timers/promises'
import type { JudgedRule, JudgedSeen, Posture } from '../../src/posture/rules/judge-posture.ts'
import type { PostureSuppression, PostureRulesFile } from '../../src/posture/rules/rules-file.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { note } from '../output.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import type { HistoryEntry } from './history.ts'
import type { PostureReport } from './posture-report.ts'

type Suppression = Omit<PostureSuppression, 'endsAt'>

interface Told {
  readonly account: string
  readonly judgedAt: string
  readonly unknown: PostureRulesFile['unknown']
  readonly score: Posture['score']
  readonly rules: readonly ToldRule[]
  readonly unusedSuppressions: readonly Suppression[]
  readonly endedSuppressions: readonly Suppression[]
}

interface ToldRule
  extends
    Pick<JudgedRule, 'outcome' | 'severity'>,
    Pick<JudgedRule['rule'], 'id' | 'title' | 'why' | 'equivalents' | 'references'> {
  readonly reason?: string
  readonly missingAction?: string
  readonly suppressedBy?: Suppression
  readonly resources: readonly ToldResource[]
  readonly resourcesLeftOut?: number
}

interface ToldResource extends Pick<JudgedSeen, 'outcome' | 'resource' | 'remedy'> {
  readonly seen: string
  readonly missingAction?: string
  readonly suppressedBy?: Suppression
}

export interface ServerPosture extends Pick<
  PostureReport,
  'target' | 'account' | 'judgedAt' | 'posture' | 'history'
> {
  readonly unknown: PostureRulesFile['unknown']
}

const shownEntries = 100

/** `rules`: the text that it judges by from now on, or `remove`; it then judges before it is shown, as with `isNow`. */
export async function readServerPosture({
  isNow,
  rules,
}: {
  readonly isNow: boolean
  readonly rules: string | undefined
}): Promise<ServerPosture> {
  const session = openSession(configOf({}))
  try {
    const told =
      isNow || rules !== undefined ? await judged(session, rules) : await postureOf(session)
    const answer = await callServer(
      session,
      'GET',
      `/pratique/v1/posture/history?limit=${shownEntries}`,
    )
    const { history } = await jsonOf<{ readonly history: readonly Omit<HistoryEntry, 'target'>[] }>(
      answer,
    )
    const { account, judgedAt, unknown } = told
    // The newest is the one that is shown, or an older one that is the same.
    const earlier = history.filter(({ at }) => at < judgedAt).toReversed()
    return {
      target: 'pratique',
      account,
      judgedAt: new Date(judgedAt),
      unknown,
      posture: postureIn(told),
      history: earlier.map((entry) => ({ ...entry, account, target: 'pratique' })),
    }
  } finally {
    session.ecr.destroy()
  }
}

async function postureOf(session: Session): Promise<Told> {
  return jsonOf<Told>(await callServer(session, 'GET', '/pratique/v1/posture'))
}

const waitedMs = 600_000
const pauseMs = 250
const saidAfterMs = 5000

/** What is there before is not waited for: a judgement that runs already may have begun before the rules came. */
async function judged(session: Session, rules: string | undefined): Promise<Told> {
  const asked = new Date().getTime()
  const before = await lastOf(session)
  await ask(session, rules)
  for (let said = false; ;) {
    const found = await lastOf(session)
    if (found !== undefined && found.judgedAt !== before?.judgedAt) return found
    const waited = new Date().getTime() - asked
    if (waited > waitedMs)
      throw new Failure(
        exitCodes.error,
        'the server has not judged within ten minutes',
        'pratique audit --server shows it when it has',
      )
    if (!said && waited > saidAfterMs) {
      note('the server judges')
      said = true
    }
    await delay(pauseMs)
  }
}

async function ask(session: Session, rules: string | undefined): Promise<void> {
  const path = '/pratique/v1/posture/rules'
  if (rules === 'remove') await callServer(session, 'DELETE', path)
  else if (rules !== undefined) {
    const stream = new Blob([rules]).stream()
    await callServer(session, 'POST', path, { stream, type: 'application/yaml' })
  }
  await callServer(session, 'POST', '/pratique/v1/posture/judgements')
}

async function lastOf(session: Session): Promise<Told | undefined> {
  try {
    return await postureOf(session)
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.notFound) return undefined
    throw error
  }
}

function postureIn({ score, rules, unusedSuppressions, endedSuppressions }: Told): Posture {
  return {
    score,
    rules: rules.map(ruleIn),
    unusedSuppressions: unusedSuppressions.map(suppressionIn),
    endedSuppressions: endedSuppressions.map(suppressionIn),
  }
}

/** The rule as the server has it, which may be of another version: it is shown here, and not judged. */
function ruleIn(told: ToldRule): JudgedRule {
  const { id, title, why, severity, equivalents, references, outcome } = told
  const { reason, missingAction, suppressedBy, resources, resourcesLeftOut: leftOut } = told
  const judge = (): never => {
    throw new Error(`${id} was judged by the server`)
  }
  const rule = {
    id,
    title,
    why,
    severity,
    equivalents,
    references,
    evidence: [],
    remedy: '',
    judge,
  }
  return {
    rule,
    outcome,
    severity,
    ...(reason === undefined ? {} : { why: reason }),
    ...(missingAction === undefined ? {} : { action: missingAction }),
    ...(suppressedBy === undefined ? {} : { suppressedBy: suppressionIn(suppressedBy) }),
    seen: resources.map(seenIn),
    ...(leftOut === undefined ? {} : { leftOut }),
  }
}

function seenIn({ seen, missingAction, suppressedBy, ...rest }: ToldResource): JudgedSeen {
  return {
    ...rest,
    words: seen,
    values: {},
    ...(missingAction === undefined ? {} : { action: missingAction }),
    ...(suppressedBy === undefined ? {} : { suppressedBy: suppressionIn(suppressedBy) }),
  }
}

/** When it ends is in its words; the server has held that against its clock. */
function suppressionIn(told: Suppression): PostureSuppression {
  return { ...told, endsAt: Number.MAX_SAFE_INTEGER }
}
