// The doors of clusters: Kubernetes' admission webhooks and Gatekeeper's external data.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ClusterDirectory } from '../../admission/cluster-directory.ts'
import type { Cluster } from '../../admission/cluster-store.ts'
import { maxReviewBytes } from '../../admission/rules/admission-review.ts'
import { maxProviderBytes, writeProviderResponse } from '../../admission/rules/provider-request.ts'
import { readAll } from '../../lib/read-all.ts'
import { repositoryArn } from '../../policy/arn.ts'
import type { AdmissionCall, AdmissionDeps, AdmissionReply, Denied } from './call.ts'
import { answerImages, answerMutatingProvider, answerProvider } from './provider.ts'
import { mutateReview, validateReview } from './review.ts'

export interface AdmissionEdge extends AdmissionDeps {
  readonly clusters: ClusterDirectory
  readonly onFault: (error: unknown, requestId: string) => void
  readonly region: string
}

interface AdmissionRow {
  /** Behind `/admission/<cluster>`. */
  readonly path: string
  readonly maxBytes: number
  readonly run: (deps: AdmissionDeps, call: AdmissionCall) => Promise<AdmissionReply>
  /** Gatekeeper reads its errors from a body with 200. */
  readonly isProvider: boolean
}

const rows: readonly AdmissionRow[] = [
  { path: 'validate', maxBytes: maxReviewBytes, run: validateReview, isProvider: false },
  { path: 'mutate', maxBytes: maxReviewBytes, run: mutateReview, isProvider: false },
  { path: 'decide', maxBytes: maxProviderBytes, run: answerImages, isProvider: false },
  { path: 'provider', maxBytes: maxProviderBytes, run: answerProvider, isProvider: true },
  {
    path: 'provider/mutate',
    maxBytes: maxProviderBytes,
    run: answerMutatingProvider,
    isProvider: true,
  },
]

export function serveAdmission(app: FastifyInstance, edge: AdmissionEdge): void {
  for (const row of rows) {
    app.post(`/admission/:cluster/${row.path}`, async (request, reply) => {
      const { facts } = request
      facts.door = 'admission'
      facts.operation = `admission ${row.path}`
      try {
        return await answer(edge, row, request, reply)
      } catch (error) {
        edge.onFault(error, facts.requestId)
        const message = `internal error; the server's log has request ${facts.requestId}`
        return refuse(reply, row, { status: 500, code: 'INTERNAL', message })
      }
    })
  }
}

async function answer(
  edge: AdmissionEdge,
  row: AdmissionRow,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const cluster = await clusterOf(edge, request)
  if (cluster === undefined) {
    const message = 'no cluster is registered with this address and token: pratique cluster add'
    return refuse(reply, row, { status: 401, code: 'UNAUTHORIZED', message })
  }
  const bytes = await readAll(request.raw, row.maxBytes)
  if (bytes === undefined) {
    const message = `the request has more than ${row.maxBytes} bytes`
    return refuse(reply, row, { status: 413, code: 'TOO_LARGE', message })
  }
  const body = parse(bytes)
  if (body === undefined)
    return refuse(reply, row, { status: 400, code: 'INVALID', message: 'the body is no JSON' })
  const call = { cluster, body: body.value, requestId: request.facts.requestId }
  const answered = await row.run(edge, call)
  if (answered.kind === 'refused')
    return refuse(reply, row, { status: 400, code: 'INVALID', message: answered.message })
  if (!answered.isDryRun) await edge.clusters.touch(cluster)
  if (answered.denied !== undefined) tellDenied(request, edge.region, answered.denied)
  return reply.send(answered.value)
}

const maxAudited = 20

/** What the webhook keeps from running stands in the audit log; there is too much of what it lets through. */
function tellDenied(
  { facts }: FastifyRequest,
  region: string,
  { account, cluster, namespace, images, message }: Denied,
): void {
  const told = images.slice(0, maxAudited)
  const arns = told.map(({ repository }) => repositoryArn(region, account, repository))
  facts.decision = 'deny'
  facts.action = 'pratique:AdmitImages'
  if (arns.length > 0) facts.resource = [...new Set(arns)].join(' ')
  facts.errorCode = 'DENIED'
  facts.errorMessage = message
  facts.parameters = {
    name: cluster,
    scope: namespace,
    imageIds: told.map(({ digest }) => ({ imageDigest: digest })),
  }
}

/** The token stands in the address, behind the cluster's id, or in a header: API servers can send one of them, Gatekeeper the first alone. */
async function clusterOf(
  { clusters }: AdmissionEdge,
  { params, headers }: FastifyRequest,
): Promise<Cluster | undefined> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the path has this parameter
  const { cluster: named } = params as { readonly cluster: string }
  const dot = named.indexOf('.')
  const id = dot === -1 ? named : named.slice(0, dot)
  const bearer = /^Bearer ([A-Za-z0-9_-]{1,256})$/i.exec(headers.authorization ?? '')?.[1]
  const token = dot === -1 ? bearer : named.slice(dot + 1)
  if (token === undefined || !/^[0-9a-f]{24}$/.test(id)) return undefined
  return clusters.admit(id, token)
}

function parse(bytes: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(bytes.toString()) }
  } catch {
    return undefined
  }
}

function refuse(
  reply: FastifyReply,
  { isProvider, path }: AdmissionRow,
  {
    status,
    code,
    message,
  }: { readonly status: number; readonly code: string; readonly message: string },
): FastifyReply {
  reply.request.facts.errorCode = code
  reply.request.facts.errorMessage = message
  if (status === 413) void reply.header('connection', 'close')
  if (isProvider) {
    const isIdempotent = path !== 'provider'
    return reply.send(writeProviderResponse({ systemError: `pratique: ${message}` }, isIdempotent))
  }
  const { requestId } = reply.request.facts
  return reply.code(status).send({ error: { code, message, requestId } })
}
