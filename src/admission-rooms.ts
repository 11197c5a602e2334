// May an image be used: bound for pulls, for clusters, and for Pratique's own API.
import type { FastifyInstance } from 'fastify'
import { storedKey } from './access/stored-key.ts'
import { ClusterDirectory } from './admission/cluster-directory.ts'
import {
  describeCluster,
  describeClusters,
  describeDenials,
  shownCluster,
} from './admission/describe-clusters.ts'
import { DecisionRecorder } from './admission/decision-recorder.ts'
import { guardPulls, type PullGuard } from './admission/gate-pull.ts'
import { judgeImages, type JudgeDeps } from './admission/judge-images.ts'
import { listPolicyRows } from './admission/admission-policy-store.ts'
import { previewPolicy } from './admission/preview-policy.ts'
import { listPullGates, writePullGate } from './admission/pull-gate-store.ts'
import {
  deleteAdmissionPolicy,
  maxPolicies,
  putAdmissionPolicy,
  readAdmissionPolicy,
  requireAdmissionPolicy,
} from './admission/put-admission-policy.ts'
import { deleteCluster, registerCluster, requireCluster } from './admission/register-cluster.ts'
import { reportCluster } from './admission/report-cluster.ts'
import {
  authorityBundle,
  certificateRenewMs,
  issueForServer,
  type CertificateDeps,
} from './admission/server-certificate.ts'
import { judgeDeps, requestJudging } from './admission-jobs.ts'
import type { Config } from './config.ts'
import { serveAdmission, type AdmissionEdge } from './edges/admission/serve-admission.ts'
import { openTlsDoor, type TlsDoor } from './edges/admission/serve-tls.ts'
import type { AdmissionRooms } from './edges/control/admission-routes.ts'
import { StartError, type Foundation } from './foundation.ts'
import type { Log } from './lib/log.ts'
import type { AccountId } from './policy/account-id.ts'
import { getRepository } from './registry/repository-store.ts'
import type { Suppressions } from './scanning/suppressions.ts'

export interface Admission {
  readonly rooms: AdmissionRooms
  readonly gatePull: PullGuard
  /** The doors for clusters at the common address. */
  readonly serve: (app: FastifyInstance) => void
  /** The same by TLS, where the settings say so; its address. */
  readonly open: (app: FastifyInstance) => Promise<string | undefined>
  readonly close: () => Promise<void>
}

/** Below the second that Gatekeeper leaves a provider when it mutates, and the three that API servers are told to wait. */
const clusterDeadlineMs = 800
/** Who pulls waits longer than a cluster. */
const pullDeadlineMs = 5000

export function openAdmission(
  config: Config,
  foundation: Foundation,
  {
    suppressions,
    log,
    url,
  }: { readonly suppressions: Suppressions; readonly log: Log; readonly url: () => string },
): Admission {
  const { database, clock, ids, keyring } = foundation
  const onFault = (error: unknown): void => log.error({ event: 'admission.fault', err: error })
  const judging: JudgeDeps = {
    ...judgeDeps(config, foundation, suppressions),
    deadlineMs: clusterDeadlineMs,
    onFault,
  }
  const recorder = new DecisionRecorder({ database, clock, onFault })
  const certificates: CertificateDeps = {
    database,
    clock,
    ids,
    storedKey: (name) => storedKey({ database, clock, ids, keyring }, name),
  }
  const edge: AdmissionEdge = {
    clock,
    region: config.region,
    record: recorder.record,
    judge: (question) => judgeImages(judging, question),
    hostsOf: (account) => hostsOf(config, url(), account),
    clusters: new ClusterDirectory({ database, clock, deadlineMs: clusterDeadlineMs, onFault }),
    onFault: (error, requestId) => log.error({ event: 'fault', requestId, err: error }),
  }
  const door = tlsDoorOf(config, certificates, onFault)
  return {
    rooms: {
      ...policyRooms(foundation, judging),
      ...clusterRooms(foundation, certificates, { edge, recorder, address: door.address }),
    },
    gatePull: guardPulls({ ...judging, record: recorder.record, deadlineMs: pullDeadlineMs }),
    serve: (app) => {
      serveAdmission(app, edge)
    },
    open: door.open,
    async close() {
      await door.close()
      await recorder.flush()
    },
  }
}

/** Names under which nodes reach this registry, as the server itself knows them. */
function hostsOf({ region }: Config, url: string, account: AccountId): readonly string[] {
  const own = URL.canParse(url) ? [new URL(url).host.toLowerCase()] : []
  return [...own, `${account}.dkr.ecr.${region}.amazonaws.com`]
}

function policyRooms(
  foundation: Foundation,
  judging: JudgeDeps,
): Omit<AdmissionRooms, keyof ClusterRooms> {
  const { database, clock } = foundation
  return {
    async listAdmissionPolicies(account) {
      const now = clock.now().getTime()
      const rows = await listPolicyRows(database, account, maxPolicies)
      return rows.map(({ text, ...row }) => {
        const { mode, rules, exempt } = readAdmissionPolicy(text, now, { isStored: true })
        return { ...row, mode, rules: rules.length, exemptions: exempt.length }
      })
    },
    showAdmissionPolicy: ({ account, name }) => requireAdmissionPolicy(database, account, name),
    async putAdmissionPolicy(input) {
      const changed = await putAdmissionPolicy(foundation, input)
      await requestJudging(foundation)
      return changed
    },
    async deleteAdmissionPolicy(input) {
      const changed = await deleteAdmissionPolicy(foundation, input)
      await requestJudging(foundation)
      return changed
    },
    previewAdmissionPolicy: (input, options) => previewPolicy(judging, input, options),
    listPullGates: (account) => listPullGates(database, account),
    async putPullGate({ account, repository, state, by }) {
      if (repository !== undefined) await getRepository(database, { account, name: repository })
      await database.transaction((tx) =>
        writePullGate(tx, { account, repository, state, by }, clock.now()),
      )
    },
  }
}

type ClusterRooms = Pick<
  AdmissionRooms,
  | 'listClusters'
  | 'showCluster'
  | 'registerCluster'
  | 'deleteCluster'
  | 'checkCluster'
  | 'reportCluster'
  | 'listDenials'
>

function clusterRooms(
  foundation: Foundation,
  certificates: CertificateDeps,
  {
    edge,
    recorder,
    address,
  }: {
    readonly edge: AdmissionEdge
    readonly recorder: DecisionRecorder
    readonly address: () => string | undefined
  },
): ClusterRooms {
  const { database, clock } = foundation
  return {
    async listClusters(account) {
      // Who asks is told what was answered before.
      await recorder.flush()
      return describeClusters(database, account)
    },
    async showCluster(input) {
      await recorder.flush()
      return describeCluster(database, input)
    },
    async listDenials(input) {
      await recorder.flush()
      return describeDenials(database, input)
    },
    reportCluster: (input) => reportCluster({ ...foundation, hostsOf: edge.hostsOf }, input),
    async registerCluster(input) {
      const { cluster, token } = await registerCluster(foundation, input)
      return {
        cluster: shownCluster(cluster),
        token,
        path: `/admission/${cluster.id}.${token}`,
        address: address() ?? null,
        caBundle: await authorityBundle(certificates),
      }
    },
    deleteCluster: (input) => deleteCluster(foundation, input),
    async checkCluster(input) {
      const cluster = await requireCluster(database, input)
      const policies = await listPolicyRows(database, input.account, maxPolicies)
      return {
        cluster: shownCluster(cluster),
        address: address() ?? null,
        hosts: [...edge.hostsOf(input.account), ...cluster.settings.hosts],
        policies: policies.map(({ name, text }) => ({
          name,
          mode: readAdmissionPolicy(text, clock.now().getTime(), { isStored: true }).mode,
        })),
        caBundle: await authorityBundle(certificates),
      }
    },
  }
}

const renewalCheckMs = 6 * 3_600_000

/** Certificates are made at each start, and again a month before they end. */
function tlsDoorOf(
  { admission: { listen, names } }: Config,
  certificates: CertificateDeps,
  onFault: (error: unknown) => void,
): Pick<Admission, 'open' | 'close'> & { readonly address: () => string | undefined } {
  const state: { door: TlsDoor | undefined; timer: NodeJS.Timeout | undefined; notAfter: number } =
    { door: undefined, timer: undefined, notAfter: 0 }
  const address = (): string | undefined => {
    const [name = 'localhost'] = names
    const host = name.includes(':') ? `[${name}]` : name
    return state.door === undefined ? undefined : `https://${host}:${state.door.port}`
  }
  const renew = async (): Promise<void> => {
    const now = certificates.clock.now().getTime()
    if (state.door === undefined || state.notAfter - now > certificateRenewMs) return
    const identity = await issueForServer(certificates, names)
    state.door.change(identity)
    state.notAfter = identity.notAfter
  }
  return {
    address,
    async open(app) {
      if (listen === undefined) return undefined
      const identity = await issueForServer(certificates, names)
      state.notAfter = identity.notAfter
      try {
        state.door = await openTlsDoor(listen, identity, (request, response) => {
          app.routing(request, response)
        })
      } catch (cause) {
        const message = `cannot listen on ${listen.host}:${listen.port}: choose another address with PRATIQUE_ADMISSION_LISTEN`
        throw new StartError(message, { cause })
      }
      state.timer = setInterval(() => void renew().catch(onFault), renewalCheckMs).unref()
      return address()
    },
    async close() {
      clearInterval(state.timer)
      await state.door?.close()
    },
  }
}
