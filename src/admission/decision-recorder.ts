// What was decided is written down after it was answered: a second later, many at once. A kill loses what was decided in that second. States: idle
// until something is recorded, waiting until the second is over, writing; what comes while it writes waits for the next second.
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { addDecisions, trimPlaces, type DecidedPlace } from '../running/cluster-sighting-store.ts'
import type { Sighting } from '../running/image-use.ts'
import { placeValues } from '../running/place-key.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { findCluster } from './cluster-store.ts'
import { insertDenials, trimDenials, type Denial, type DenialReason } from './denial-store.ts'
import type { Judgement } from './judge-images.ts'
import type { Workload } from './rules/workload.ts'

export interface DecidedImage {
  readonly account: AccountId
  /** Its name; '' of a pull, which names none. */
  readonly cluster: string
  readonly door: 'admission' | 'gatekeeper' | 'pull'
  readonly namespace: string
  readonly workload: Workload
  /** As it was named, and without host, tag and digest. */
  readonly image: string
  readonly repository: string
  readonly judgement: Pick<Judgement, 'decision' | 'digest' | 'kind' | 'policies'>
  /** Whether what was asked for may run now: a pod with another image that was denied does not. */
  readonly isLetRun: boolean
}

export type RecordDecisions = (decided: readonly DecidedImage[]) => void

interface Deps {
  readonly database: Database
  readonly clock: Clock
  /** What kept a batch from being written, which is tried again, and what was left out of one. */
  readonly onFault: (error: unknown) => void
}

const waitMs = 1000
/** Of one batch, each; what is more is left out, and that is told. */
export const maxPending = 5000
const maxReasons = 20
const maxMessage = 300
const maxImage = 512

export class DecisionRecorder {
  readonly #deps: Deps
  #places = new Map<string, DecidedPlace>()
  #denials = new Map<string, Denial>()
  #leftOut = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Returns at once. */
  readonly record: RecordDecisions = (decided) => {
    const at = this.#deps.clock.now()
    for (const one of decided) {
      // Of an image that nobody has here, and of one of another registry, only denials are kept.
      const place = placeOf(one, at)
      if (place !== undefined) this.#addPlace(place)
      if (one.judgement.decision.decision === 'deny') this.#addDenial(denialOf(one, at))
    }
    if (decided.length > 0) this.#wait()
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => {
      void this.flush()
    }, waitMs).unref()
  }

  /** What was recorded before is written when it returns, unless the database takes nothing. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    const places = [...this.#places.values()]
    const denials = [...this.#denials.values()]
    if (places.length + denials.length === 0) return
    this.#places = new Map()
    this.#denials = new Map()
    try {
      await this.#deps.database.transaction((tx) => writeBatch(tx, places, denials), {
        survives: 'process',
      })
    } catch (error) {
      for (const place of places) this.#addPlace(place)
      for (const denial of denials) this.#addDenial(denial)
      this.#wait()
      this.#deps.onFault(error)
    }
    if (this.#leftOut === 0) return
    const message = `${this.#leftOut} decisions were answered and not written down: more than ${maxPending} waited`
    this.#leftOut = 0
    this.#deps.onFault(new Error(message))
  }

  #addPlace(place: DecidedPlace): void {
    const key = JSON.stringify(placeValues(place))
    const known = this.#places.get(key)
    if (known === undefined && this.#places.size >= maxPending) this.#leftOut += 1
    else this.#places.set(key, known === undefined ? place : merge(known, place))
  }

  #addDenial(denial: Denial): void {
    const { door, image, reasons } = denial
    const key = JSON.stringify([...placeValues(denial), door, image, reasons])
    const known = this.#denials.get(key)
    if (known === undefined && this.#denials.size >= maxPending) this.#leftOut += 1
    else this.#denials.set(key, { ...denial, times: denial.times + (known?.times ?? 0) })
  }
}

/** Of two batches the later one may have failed first. */
function merge(a: DecidedPlace, b: DecidedPlace): DecidedPlace {
  const [first, last] = a.lastAt <= b.lastAt ? [a, b] : [b, a]
  return {
    ...last,
    allowed: a.allowed + b.allowed,
    denied: a.denied + b.denied,
    firstAt: a.firstAt <= b.firstAt ? a.firstAt : b.firstAt,
    seen: last.seen ?? first.seen,
  }
}

function placeOf(decided: DecidedImage, at: Date): DecidedPlace | undefined {
  const { judgement, door, isLetRun } = decided
  const { decision, digest, kind, policies } = judgement
  if (digest === undefined || kind === 'absent' || kind === 'foreign') return undefined
  const isDenied = decision.decision === 'deny'
  const by: Sighting | undefined = door === 'pull' ? undefined : door
  return {
    ...commonOf(decided),
    digest,
    allowed: isDenied ? 0 : 1,
    denied: isDenied ? 1 : 0,
    decision: decision.decision,
    policies,
    reasons: [...new Set(tellingReasons(decided).map(({ code }) => code))].slice(0, maxReasons),
    firstAt: at,
    lastAt: at,
    seen: isLetRun && by !== undefined ? { at, by } : undefined,
  }
}

function denialOf(decided: DecidedImage, at: Date): Denial {
  const { judgement, image } = decided
  return {
    ...commonOf(decided),
    image: image.slice(0, maxImage),
    digest: judgement.digest ?? '',
    policies: judgement.policies,
    reasons: tellingReasons(decided)
      .filter(({ outcome }) => outcome === 'deny')
      .slice(0, maxReasons)
      .map(({ code, message, policy }): DenialReason => {
        const told = { code, message: message.slice(0, maxMessage) }
        return policy === undefined ? told : { ...told, policy }
      }),
    times: 1,
    at,
  }
}

function commonOf({
  account,
  cluster,
  door,
  namespace,
  workload,
  repository,
}: DecidedImage): Pick<
  Denial,
  'account' | 'cluster' | 'door' | 'namespace' | 'workloadKind' | 'workloadName' | 'repository'
> {
  const [workloadKind, workloadName] = [workload.kind, workload.name]
  return { account, cluster, door, namespace, workloadKind, workloadName, repository }
}

function tellingReasons({
  judgement,
}: DecidedImage): DecidedImage['judgement']['decision']['reasons'] {
  return judgement.decision.reasons.filter(({ outcome }) => outcome !== 'info')
}

async function writeBatch(
  tx: SqlWriter,
  places: readonly DecidedPlace[],
  denials: readonly Denial[],
): Promise<void> {
  const isKept = await registered(tx, [...places, ...denials])
  const kept = places.filter(isKept)
  await addDecisions(tx, kept)
  await insertDenials(tx, denials.filter(isKept))
  for (const [account, own] of Map.groupBy(kept, (place) => place.account))
    for (const cluster of new Set(own.map((place) => place.cluster)))
      await trimPlaces(tx, { account, cluster })
  for (const account of new Set(denials.map((denial) => denial.account)))
    await trimDenials(tx, account)
}

type Asking = Pick<Denial, 'account' | 'cluster'>

/** A cluster that was taken away while the batch waited runs nothing that anybody here would know of. */
async function registered(
  tx: SqlWriter,
  all: readonly Asking[],
): Promise<(asking: Asking) => boolean> {
  const asking = new Map(all.map((one) => [`${one.account} ${one.cluster}`, one]))
  const gone = new Set<string>()
  for (const [key, { account, cluster }] of asking)
    if (cluster !== '' && (await findCluster(tx, account, cluster)) === undefined) gone.add(key)
  return ({ account, cluster }) => !gone.has(`${account} ${cluster}`)
}
