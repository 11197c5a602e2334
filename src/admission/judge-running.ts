// What was let run is judged anew: a flaw became known, a signature was withdrawn, a policy was put. Nothing is stopped; it is told.
import { parseDigest } from '../oci/digest.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import type { AccountId } from '../policy/account-id.ts'
import {
  listRunningPlaces,
  writeStanding,
  type RunningPlace,
} from '../running/running-place-store.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { findCluster, type Cluster } from './cluster-store.ts'
import { judgeImages, type JudgeDeps, type Judgement } from './judge-images.ts'
import { contextOfCluster } from './rules/cluster-context.ts'
import { recordRunningDenied, type RunningDenied } from './running-event-store.ts'

export const judgeRunningJob = 'judge-running'

export interface JudgeRunningDeps extends JudgeDeps {
  readonly database: Database
}

interface Options {
  readonly signal: AbortSignal
}

const pageSize = 200
/** Places of one account that one run judges. */
const maxPlaces = 50_000
const maxReasons = 10
const maxNamespaces = 50

/** An event for each image that is denied now where it runs, and was not before. */
export async function judgeRunning(deps: JudgeRunningDeps, { signal }: Options): Promise<void> {
  for await (const turned of turnedByAccount(deps, { signal })) await tellTurned(deps, turned)
}

interface JudgedPlace {
  readonly place: RunningPlace
  readonly judgement: Judgement
}

/** Those of one account, when all of it was judged; what changed otherwise is written on the way. */
async function* turnedByAccount(
  deps: JudgeRunningDeps,
  { signal }: Options,
): AsyncGenerator<readonly JudgedPlace[]> {
  const standings = new Standings(deps.database)
  let turned: JudgedPlace[] = []
  let [account, count]: [AccountId | undefined, number] = [undefined, 0]
  for await (const judged of judgedPlaces(deps, { account: undefined }, { signal })) {
    const { place, judgement } = judged
    if (place.account !== account) {
      if (turned.length > 0) yield turned
      turned = []
      ;[account, count] = [place.account, 0]
    }
    count += 1
    if (count > maxPlaces) continue
    const { decision } = judgement.decision
    if (decision === place.standing) continue
    if (decision === 'deny' && place.standing !== undefined) turned.push(judged)
    else await standings.add(place, decision)
  }
  await standings.write()
  if (turned.length > 0) yield turned
}

const standingsAtOnce = 200

/** Many in one transaction, which nobody waits for: what is lost of them is found again. */
class Standings {
  readonly #database: Database
  #waiting: (readonly [RunningPlace, string])[] = []

  constructor(database: Database) {
    this.#database = database
  }

  async add(place: RunningPlace, standing: string): Promise<void> {
    this.#waiting.push([place, standing])
    if (this.#waiting.length >= standingsAtOnce) await this.write()
  }

  async write(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0) return
    const write = async (tx: SqlWriter): Promise<void> => {
      for (const [place, standing] of waiting) await writeStanding(tx, place, standing)
    }
    await this.#database.transaction(write, { survives: 'process' })
  }
}

/** Each place that is taken to run an image that is here, as its policies judge it now; what cannot be read is passed over. */
export async function* judgedPlaces(
  deps: JudgeDeps,
  { account }: { readonly account: AccountId | undefined },
  { signal }: Options,
): AsyncGenerator<JudgedPlace & { readonly cluster: Cluster }> {
  let after: RunningPlace | undefined
  const lens = new Lens(deps)
  for (;;) {
    const page = await listRunningPlaces(deps.reader, { account, after, limit: pageSize })
    for (const place of page) {
      signal.throwIfAborted()
      await yieldToEventLoop()
      const judged = await lens.judge(place)
      if (judged !== undefined) yield { place, ...judged }
    }
    after = page.at(-1)
    if (after === undefined) return
  }
}

/** Remembers the cluster, and what was judged in its last namespace: one image runs there under many names. */
class Lens {
  readonly #deps: JudgeDeps
  #cluster: { readonly key: string; readonly found: Cluster | undefined } | undefined
  #namespace = ''
  #judged = new Map<string, Judgement | undefined>()

  constructor(deps: JudgeDeps) {
    this.#deps = deps
  }

  async judge(
    place: RunningPlace,
  ): Promise<{ readonly judgement: Judgement; readonly cluster: Cluster } | undefined> {
    const cluster = await this.#clusterOf(place)
    if (cluster === undefined) return undefined
    if (this.#namespace !== place.namespace) {
      this.#namespace = place.namespace
      this.#judged.clear()
    }
    const key = `${place.repository}@${place.digest}`
    if (!this.#judged.has(key)) this.#judged.set(key, await judgePlace(this.#deps, cluster, place))
    const judgement = this.#judged.get(key)
    return judgement === undefined ? undefined : { judgement, cluster }
  }

  async #clusterOf({ account, cluster }: RunningPlace): Promise<Cluster | undefined> {
    const key = `${account} ${cluster}`
    if (this.#cluster?.key !== key) {
      this.#judged.clear()
      this.#cluster = { key, found: await findCluster(this.#deps.reader, account, cluster) }
    }
    return this.#cluster.found
  }
}

/** Undefined of what is not here any more: that is no decision of a policy. */
async function judgePlace(
  deps: JudgeDeps,
  cluster: Cluster,
  { account, namespace, repository: named, digest: text }: RunningPlace,
): Promise<Judgement | undefined> {
  const repository = parseRepositoryName(named)
  const digest = parseDigest(text)
  if (repository === undefined || digest === undefined) return undefined
  const place = { door: 'admission', namespace: namespace === '' ? undefined : namespace } as const
  const reference = { kind: 'digest', digest } as const
  const [judgement] = await judgeImages(deps, {
    account,
    images: [{ kind: 'own', repository, reference }],
    ...contextOfCluster(cluster, place),
  })
  const isHere = judgement?.kind === 'image' || judgement?.kind === 'index'
  return isHere ? judgement : undefined
}

async function tellTurned(
  { database, clock }: JudgeRunningDeps,
  turned: readonly JudgedPlace[],
): Promise<void> {
  const images = Map.groupBy(turned, ({ place }) => `${place.repository}@${place.digest}`)
  for (const places of images.values()) {
    const [first] = places
    if (first === undefined) continue
    const event = eventOf(first, places)
    await database.transaction(async (tx) => {
      for (const { place } of places) await writeStanding(tx, place, 'deny')
      await recordRunningDenied(tx, event, clock)
    })
  }
}

function eventOf(
  { place: { account, repository, digest }, judgement: { policies, decision } }: JudgedPlace,
  places: readonly JudgedPlace[],
): RunningDenied {
  const clusters = Map.groupBy(places, ({ place }) => place.cluster)
  return {
    account,
    repository,
    digest,
    clusters: [...clusters].map(([cluster, own]) => ({
      cluster,
      namespaces: [...new Set(own.map(({ place }) => place.namespace))].slice(0, maxNamespaces),
    })),
    policies,
    reasons: decision.reasons
      .filter(({ outcome }) => outcome === 'deny')
      .slice(0, maxReasons)
      .map(({ code, message, policy }) => ({
        code,
        message,
        ...(policy === undefined ? {} : { policy }),
      })),
  }
}
