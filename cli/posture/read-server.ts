// What only Pratique has: its data, its exemptions, its log. By its own API.
import type { AdmissionPolicy } from '../../src/admission/rules/admission-policy.ts'
import { parseAdmissionPolicy } from '../../src/admission/rules/parse-policy.ts'
import type {
  AdmissionEvidence,
  ClusterEvidence,
  PostureEvidence,
  Told,
} from '../../src/posture/rules/evidence.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { callServer, type Session } from '../session.ts'
import type { DataStatus } from '../commands/db.ts'
import { tell } from './told.ts'

type ServerEvidence = Pick<
  PostureEvidence,
  | 'admission'
  | 'exemptions'
  | 'data'
  | 'rootUse'
  | 'address'
  | 'lastBackup'
  | 'chain'
  | 'lastLogExport'
>

export async function readServer(
  session: Session,
  account: string,
  now: number,
): Promise<ServerEvidence> {
  const root = `arn:aws:iam::${account}:root`
  const search = 'pratique:SearchAuditLog'
  return {
    admission: await readAdmission(session, now),
    exemptions: await tell('pratique:DescribeSuppressions', () => readExemptions(session)),
    data: await tell('pratique:DescribeAdvisories', () => readData(session)),
    rootUse: await tell(search, () => lastEvent(session, now, { principal: root })),
    address: { kind: 'told', value: session.endpoint ?? '' },
    lastBackup: await tell(search, () =>
      lastEvent(session, now, { action: 'pratique:BackupStorage' }),
    ),
    chain: await tell('pratique:VerifyAuditLog', () => verifyChain(session, now)),
    lastLogExport: await tell(search, () =>
      lastEvent(session, now, { action: 'pratique:ExportAuditLog' }),
    ),
  }
}

/** AWS runs the service: of these parts it has none that could be asked for. */
export const serverOfAws: ServerEvidence = {
  admission: {
    kind: 'not-applicable',
    why: 'clusters ask their own webhooks, and not ECR',
  },
  exemptions: {
    kind: 'not-applicable',
    why: 'ECR has no exemptions; suppression filters of Inspector are not read',
  },
  data: { kind: 'not-applicable', why: 'AWS keeps the data of its scanners' },
  rootUse: { kind: 'unknown', why: 'CloudTrail is not read' },
  address: { kind: 'not-applicable', why: 'AWS ends TLS' },
  lastBackup: { kind: 'not-applicable', why: 'AWS keeps the images' },
  chain: { kind: 'not-applicable', why: 'CloudTrail keeps the log' },
  lastLogExport: { kind: 'not-applicable', why: 'CloudTrail keeps the log' },
}

interface ToldCluster {
  readonly name: string
  readonly settings: Pick<ClusterEvidence, 'withoutPolicy' | 'bindings'>
  readonly lastAskedAt?: string
}

async function readAdmission(session: Session, now: number): Promise<Told<AdmissionEvidence>> {
  const base = '/pratique/v1/admission'
  const clusters = await tell('pratique:ListClusters', async () => {
    const answer = await callServer(session, 'GET', `${base}/clusters`)
    return jsonOf<{ readonly clusters: readonly ToldCluster[] }>(answer)
  })
  if (clusters.kind !== 'told') return clusters
  const listed = await tell('pratique:ListAdmissionPolicies', async () => {
    const answer = await callServer(session, 'GET', `${base}/policies`)
    return jsonOf<{ readonly policies: readonly { readonly name: string }[] }>(answer)
  })
  if (listed.kind !== 'told') return listed
  const policies = await tell('pratique:GetAdmissionPolicy', async () => {
    const read = []
    for (const { name } of listed.value.policies) read.push(await readPolicy(session, name, now))
    return read
  })
  if (policies.kind !== 'told') return policies
  const asking = clusters.value.clusters.map(({ name, settings, lastAskedAt }) => ({
    name,
    withoutPolicy: settings.withoutPolicy,
    bindings: settings.bindings,
    hasAsked: lastAskedAt !== undefined,
  }))
  return { kind: 'told', value: { clusters: asking, policies: policies.value } }
}

async function readPolicy(session: Session, name: string, now: number): Promise<AdmissionPolicy> {
  const path = `/pratique/v1/admission/policy?${new URLSearchParams({ name }).toString()}`
  const { text } = await jsonOf<{ readonly text: string }>(await callServer(session, 'GET', path))
  const reading = parseAdmissionPolicy(text, now)
  if (reading.kind === 'read') return reading.policy
  // Of a newer server the words may be others than this program knows.
  throw new Failure(exitCodes.error, `the admission policy ${name} cannot be read`)
}

interface Rule {
  readonly number: number
  readonly owner: string
  readonly until: string
}

const dayMs = 86_400_000

async function readExemptions(
  session: Session,
): Promise<Extract<PostureEvidence['exemptions'], { kind: 'told' }>['value']> {
  const answer = await callServer(session, 'GET', '/pratique/v1/suppressions')
  const { rules } = await jsonOf<{ readonly rules: readonly Rule[] }>(answer)
  return rules.map(({ number, owner, until }) => {
    const at = Date.parse(until)
    // A day counts to its end.
    const end = until.includes('T') ? at : at + dayMs
    return { name: `suppression rule ${number}`, owner, until: Number.isNaN(end) ? undefined : end }
  })
}

async function readData(
  session: Session,
): Promise<Extract<PostureEvidence['data'], { kind: 'told' }>['value']> {
  const answer = await callServer(session, 'GET', '/pratique/v1/advisories')
  const { updatedAt, feeds = [] } = await jsonOf<DataStatus>(answer)
  const at = updatedAt === undefined ? Number.NaN : Date.parse(updatedAt)
  return {
    updatedAt: Number.isNaN(at) ? undefined : at,
    failing: feeds.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [{ feed: name, words: failure.reason }],
    ),
  }
}

interface Page {
  readonly events: readonly { readonly eventTime: string; readonly errorCode?: string }[]
  readonly next?: string
}

const lookedBackDays = 90
const maxPages = 20

/** The last that was done, within 90 days; undefined for none. */
async function lastEvent(
  session: Session,
  now: number,
  about: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const from = new Date(now - lookedBackDays * dayMs).toISOString()
  const query = new URLSearchParams({ ...about, from, limit: '50' })
  for (let pages = 0; pages < maxPages; pages += 1) {
    const path = `/pratique/v1/audit-log/events?${query.toString()}`
    const page = await jsonOf<Page>(await callServer(session, 'GET', path))
    const done = page.events.find(({ errorCode }) => errorCode === undefined)
    if (done !== undefined) return Date.parse(done.eventTime)
    if (page.next === undefined) return undefined
    query.set('next', page.next)
  }
  throw new Failure(exitCodes.error, 'the log is longer than an audit reads')
}

type ChainEvent =
  | { readonly kind: 'progress' }
  | { readonly kind: 'intact'; readonly report: { readonly lines: number } }
  | { readonly kind: 'broken'; readonly fault: { readonly message: string } }

const longestMs = 120_000

async function verifyChain(
  session: Session,
  now: number,
): Promise<Extract<PostureEvidence['chain'], { kind: 'told' }>['value']> {
  const path = '/pratique/v1/audit-log/verifications'
  for await (const event of linesOf<ChainEvent>(await callServer(session, 'POST', path))) {
    if (event.kind === 'intact')
      return { isIntact: true, words: `is intact, ${event.report.lines} lines` }
    if (event.kind === 'broken') return { isIntact: false, words: event.fault.message }
    if (new Date().getTime() - now > longestMs) break
  }
  const advice = 'pratique audit-log verify takes its time'
  throw new Failure(exitCodes.error, 'the chain is longer than an audit verifies', advice)
}
