// Purpose:  let a request in to its repository, which a push may make.
// Spec:     Amazon ECR User Guide, "Repository creation templates" (create on push); iam.md 5.1.
// Input:    a request whose path and row are known.
// Deviates: who pushes to a repository that is not there needs ecr:CreateRepository on it, and ecr:TagResource where its
//           template has tags: at AWS a push of whoever may push makes it, even where no image may be put into it (seen in
//           reports, not documented). Pulls make nothing, nor do uploads by the ECR API.
// Unknowns: a template that cannot be applied → the push is refused; a repository is never made with less than its template says.
import type { FastifyRequest } from 'fastify'
import type { Decisions } from '../../access/decisions.ts'
import { commitGate } from '../../access/commit-gate.ts'
import { requestTagKeys } from '../../access/request-context.ts'
import { covers, type Limits } from '../../access/rules/scope.ts'
import type { Repository, RepositoryAddress } from '../../registry/repository-store.ts'
import { registryError } from '../../registry/errors.ts'
import { filtersOf, modeOf } from '../../registry/rules/tag-mutability.ts'
import type { Database } from '../../storage/database/database.ts'
import type { ApplyTemplateDeps } from '../../templates/apply-template.ts'
import { createOnPush } from '../../templates/create-on-push.ts'
import { findTarget, type FutureTarget } from '../../templates/find-target.ts'
import type { Template } from '../../templates/template-store.ts'
import type { RequestAuditor } from '../audit-requests.ts'
import type { RequestFacts } from '../request-facts.ts'
import { beyondToken } from './refusal.ts'
import { ofManifest, requireAllowed, type AllowingEdge, type Asked } from './require-allowed.ts'

export interface AdmittingEdge extends AllowingEdge, Omit<ApplyTemplateDeps, 'clock'> {
  readonly rooms: Pick<ApplyTemplateDeps, 'clock'> & { readonly database: Database }
  readonly authorizeAsMade: Decisions['authorizeAsMade']
  readonly audit: RequestAuditor
}

/** Of one push, while templates change or others make its repository. */
const mostAttempts = 8

/** The epoch at which it was allowed. When this returns, the repository of a push is there. */
export async function admit(
  edge: AdmittingEdge,
  request: FastifyRequest,
  asked: Asked,
  need: { readonly actions: readonly string[]; readonly limits: Limits },
): Promise<number> {
  const isPush = asked.route.makesRepository
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const target = isPush
      ? await findTarget(edge.rooms.database, edge.region, asked.repository, 'CREATE_ON_PUSH')
      : undefined
    const door = target?.kind === 'future' ? doorOf(edge, target) : edge
    const epoch = await requireAllowed(door, request, asked, need.actions)
    if (!covers(need.limits, asked.resource, asked.route.scope)) {
      throw beyondToken(edge, request, asked.scopes())
    }
    await requireRecordable(edge, request)
    if (target?.kind === 'absent') throw nothingToPushTo(asked.repository)
    if (target?.kind !== 'future') return epoch
    if (target.fault !== undefined) throw target.fault
    if (await make(edge, door, request, { asked, target, need, epoch })) return epoch
  }
  throw new Error('templates changed faster than a repository could be made')
}

/** By the method and not by the action: the state of an upload is read with the right to go on with it. */
async function requireRecordable(
  { audit }: AdmittingEdge,
  { method }: FastifyRequest,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') await audit.requireWritable()
}

/** The door as it will be to the repository when it is made. */
function doorOf(edge: AdmittingEdge, { future }: FutureTarget): AdmittingEdge {
  const authorize: AdmittingEdge['authorize'] = (caller, asked) =>
    edge.authorizeAsMade(caller, asked, future)
  const couldAllow: AdmittingEdge['couldAllow'] = (caller, asked, unknown) =>
    edge.couldAllow(caller, asked, unknown, future)
  return { ...edge, authorize, ask: authorize, couldAllow }
}

/** False when it was not made, because what it was judged by is not so any more. */
async function make(
  edge: AdmittingEdge,
  door: AdmittingEdge,
  request: FastifyRequest,
  {
    asked,
    target,
    need,
    epoch,
  }: {
    readonly asked: Asked
    readonly target: FutureTarget
    readonly need: { readonly actions: readonly string[] }
    readonly epoch: number
  },
): Promise<boolean> {
  const { template } = target
  const ofPush = judgementIn(request.facts)
  const creation = await requireCreation(edge, door, request, asked, template)
  Object.assign(request.facts, ofPush)
  const gate = commitGate(Math.min(epoch, creation.epoch), async () => {
    await requireAllowed(door, request, asked, need.actions)
    await requireCreation(edge, door, request, asked, template)
    Object.assign(request.facts, ofPush)
  })
  const { repository, caller } = asked
  const deps = {
    ...edge.rooms,
    region: edge.region,
    defaults: edge.defaults,
    isAccount: edge.isAccount,
  }
  const by = caller.principalArn
  const made = await createOnPush(deps, { repository, template, by, gate: (tx) => gate(tx) })
  if (made === undefined) return false
  const fault = await edge.audit.recordAlso(request, {
    ...creation.judgement,
    operation: 'ecr:CreateRepository',
    parameters: parametersOf(made, template),
    responseElements: { repository: shapeOf(made, asked.resource) },
  })
  if (fault !== undefined) throw fault
  return true
}

type Judgement = Pick<
  RequestFacts,
  'action' | 'resource' | 'decision' | 'decidedBy' | 'policyEpoch'
>

function judgementIn({ action, resource, decision, decidedBy, policyEpoch }: Judgement): Judgement {
  return { action, resource, decision, decidedBy, policyEpoch }
}

/**
 * Who could put no image into it makes no repository. To make one is judged by what is now: no policy or tag of it can help.
 * The judgement is that of the first action, as in other records.
 */
async function requireCreation(
  edge: AdmittingEdge,
  door: AdmittingEdge,
  request: FastifyRequest,
  asked: Asked,
  { resourceTags }: Template,
): Promise<{ readonly epoch: number; readonly judgement: Judgement }> {
  const image = { ...asked, keys: undefined, unknownKeys: ofManifest }
  await requireAllowed(door, request, image, ['ecr:PutImage'])
  const plain = { ...edge, ask: door.ask }
  const made = { ...asked, keys: requestTagKeys(resourceTags), unknownKeys: none }
  const epoch = await requireAllowed(plain, request, made, ['ecr:CreateRepository'])
  const judgement = judgementIn(request.facts)
  if (resourceTags.length === 0) return { epoch, judgement }
  const tagging = await requireAllowed(plain, request, made, ['ecr:TagResource'])
  return { epoch: Math.min(epoch, tagging), judgement }
}

const none: ReadonlySet<string> = new Set()

function nothingToPushTo({ account, name }: RepositoryAddress): Error {
  const remedy = `create it (aws ecr create-repository --repository-name ${name}), or have a repository creation template with CREATE_ON_PUSH make it`
  const message = `repository ${name} does not exist; ${remedy}`
  return registryError('REPOSITORY_UNKNOWN', message, { repository: name, account })
}

/** As CreateRepository would have been asked for it, and by which template it was. */
function parametersOf({ name, tagMutability }: Repository, template: Template): unknown {
  const { written, resourceTags, repositoryPolicy, lifecyclePolicy } = template
  return {
    repositoryName: name,
    imageTagMutability: modeOf(tagMutability),
    imageTagMutabilityExclusionFilters: filtersOf(tagMutability).map((filter) => ({
      filterType: 'WILDCARD',
      filter,
    })),
    tags: resourceTags,
    prefix: written,
    repositoryPolicy,
    lifecyclePolicy,
  }
}

function shapeOf({ account, name }: Repository, repositoryArn: string): unknown {
  return { repositoryArn, registryId: account, repositoryName: name }
}
