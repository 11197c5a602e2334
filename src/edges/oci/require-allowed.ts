// Purpose:  hold a request to /v2 to what its caller may do, and say no in the words that clients show.
// Spec:     OCI distribution-spec, "Error Codes" and "Warnings"; AWS IAM User Guide, "Troubleshoot access denied error messages".
// Input:    an authenticated caller (or nobody in particular), and the row and repository that the request is for.
// Deviates: who has no right at all in a repository is told that there is none, where AWS says 403.
// Unknowns: a repository that is not there is judged as one without a policy.
import type { FastifyRequest } from 'fastify'
import type { Authorization, Authorizer } from '../../access/authorize.ts'
import type { Caller } from '../../access/caller.ts'
import { unsettled } from '../../access/commit-gate.ts'
import type { Decisions } from '../../access/decisions.ts'
import type { RequestKeys } from '../../access/request-context.ts'
import type { Scope } from '../../access/rules/scope.ts'
import { repositoryUnknown, type RepositoryAddress } from '../../registry/repository-store.ts'
import { tellJudgement } from '../request-facts.ts'
import type { ChallengeDeps } from './challenge.ts'
import { Refusal, signIn } from './refusal.ts'
import type { OciRoute } from './routes.ts'

export interface AllowingEdge extends ChallengeDeps {
  readonly authorize: Authorizer
  /** What could be done, though nobody does it: a question is no event. */
  readonly ask: Authorizer
  /** Whether values of these keys, that are not known yet, could have it allowed. */
  readonly couldAllow: Decisions['couldAllow']
  /** What HEAD answers to those who may push but not look: 404 lets their push go on. */
  readonly deniedHead: 403 | 404
}

export interface Asked {
  readonly caller: Caller
  readonly repository: RepositoryAddress
  /** Its ARN. */
  readonly resource: string
  readonly route: OciRoute
  readonly keys: RequestKeys | undefined
  /** Condition keys that only the body tells, in lower case. */
  readonly unknownKeys: ReadonlySet<string>
  /** For a challenge. */
  readonly scopes: () => readonly Scope[]
}

/** Any of them shows that there is a repository. */
const showing = [
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
  'ecr:ListImages',
  'ecr:DescribeRepositories',
  'ecr:PutImage',
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
]

/** The epoch at which all of the actions were allowed, `unsettled` where the body decides; else a refusal is thrown. */
export async function requireAllowed(
  edge: AllowingEdge,
  request: FastifyRequest,
  asked: Asked,
  actions: readonly string[],
): Promise<number> {
  let epoch: number | undefined
  for (const action of actions) {
    const judged = await judge(edge, asked, action)
    const { facts } = request
    facts.action = action
    facts.resource = asked.resource
    if (judged.kind === 'deny' && (await mayBodyTell(edge, asked, action))) {
      epoch = unsettled
      continue
    }
    tellJudgement(facts, judged)
    if (judged.kind === 'deny') throw await refusalOf(edge, request, asked, judged)
    epoch ??= judged.epoch
  }
  if (epoch === undefined) throw new Error(`${asked.route.path} asks for no action`)
  return epoch
}

async function judge(edge: AllowingEdge, asked: Asked, action: string): Promise<Authorization> {
  const { caller, resource, route, keys } = asked
  const judged = await edge.authorize(caller, { action, resources: [resource], keys })
  if (judged.kind === 'allow' || route.alsoBy === undefined) return judged
  if (judged.decision.kind === 'explicit-deny') return judged
  const other = { action: route.alsoBy, resources: [resource], keys }
  const also = await edge.authorize(caller, other)
  return also.kind === 'allow' ? also : judged
}

async function mayBodyTell(edge: AllowingEdge, asked: Asked, action: string): Promise<boolean> {
  const { caller, resource, keys, unknownKeys } = asked
  if (unknownKeys.size === 0) return false
  return edge.couldAllow(caller, { action, resources: [resource], keys }, unknownKeys)
}

export async function may(edge: AllowingEdge, asked: Asked, action: string): Promise<boolean> {
  const { caller, resource } = asked
  return (await edge.ask(caller, { action, resources: [resource] })).kind === 'allow'
}

/** What is known of an image when its manifest comes. */
export const ofManifest: ReadonlySet<string> = new Set([
  'pratique:tag',
  'pratique:digest',
  'pratique:mediatype',
  'pratique:artifacttype',
])

/** What would end a push that begins now: said before the layers are sent. */
export async function pushWarning(
  edge: AllowingEdge,
  { caller, resource }: Asked,
): Promise<Readonly<Record<string, string>>> {
  const asked = { action: 'ecr:PutImage', resources: [resource] }
  const judged = await edge.ask(caller, asked)
  if (judged.kind === 'allow' || (await edge.couldAllow(caller, asked, ofManifest))) return {}
  return warning(judged.message)
}

async function refusalOf(
  edge: AllowingEdge,
  request: FastifyRequest,
  asked: Asked,
  denied: Extract<Authorization, { readonly kind: 'deny' }>,
): Promise<Error> {
  if (asked.caller.requester.kind === 'anonymous') return signIn(edge, request, asked.scopes())
  if (!(await knowsRepository(edge, asked))) return repositoryUnknown(asked.repository)
  const { message, encodedMessage } = denied
  if (request.method === 'HEAD') {
    if (edge.deniedHead === 404 && (await may(edge, asked, 'ecr:InitiateLayerUpload'))) {
      const code = asked.route.path === 'blob' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN'
      return new Refusal({ status: 404, code, message })
    }
    // There is no body that could say it.
    return new Refusal({ status: 403, code: 'DENIED', message, headers: warning(message) })
  }
  const detail =
    encodedMessage === undefined ? {} : { detail: { encodedAuthorizationMessage: encodedMessage } }
  return new Refusal({ status: 403, code: 'DENIED', message, ...detail })
}

async function knowsRepository(edge: AllowingEdge, asked: Asked): Promise<boolean> {
  for (const action of showing) if (await may(edge, asked, action)) return true
  return false
}

/** RFC 7234, section 5.5, in the form that the distribution specification asks for. */
function warning(message: string): Readonly<Record<string, string>> {
  const text = message.replaceAll(/[^\u0020-\u007e]/g, '?').replaceAll(/["\\]/g, String.raw`\$&`)
  return { warning: `299 - "${text}"` }
}
