// AWS's services as the dispatchers want them, bound to what they stand on.
import type { Authorization, AuthorizationRequest, Authorizer } from '../../access/authorize.ts'
import type { Caller } from '../../access/caller.ts'
import { commitGate } from '../../access/commit-gate.ts'
import type { SigningKey } from '../../access/find-signing-key.ts'
import type { UseRecorder } from '../../access/record-use.ts'
import type { ByteBudget } from '../../lib/byte-budget.ts'
import type { CompiledPolicy } from '../../policy/compile.ts'
import { repositoryArn } from '../../policy/arn.ts'
import type { RepositoryAddress } from '../../registry/repository-store.ts'
import type { RequestAuditor } from '../audit-requests.ts'
import type { CloudTrailCall, CloudTrailDeps } from './cloudtrail/lookup-events.ts'
import { cloudTrailOperations, spellCloudTrailError } from './cloudtrail/operations.ts'
import type { EcrCall, EcrDeps } from './ecr/call.ts'
import { ecrAccessDenied, spellException } from './ecr/errors.ts'
import { ecrOperations } from './ecr/operations.ts'
import type { IamDeps } from './iam/call.ts'
import { spellIamError } from './iam/errors.ts'
import { iamOperationNames } from './iam/operation-names.ts'
import { iamOperations } from './iam/operations.ts'
import type { InspectorCall, InspectorDeps } from './inspector2/call.ts'
import { spellInspectorError } from './inspector2/errors.ts'
import { inspectorOperations, unservedInspectorOperations } from './inspector2/operations.ts'
import type { JsonService, Judged } from './protocol/dispatch.ts'
import type { QueryService } from './protocol/query-dispatch.ts'
import { iamModel, stsModel } from './protocol/query-protocol.ts'
import type { SignedRequest } from './protocol/sigv4-canonical.ts'
import { unrecognised, type SigV4Result } from './protocol/sigv4.ts'
import type { SignerCall, SignerDeps } from './signer/call.ts'
import { spellSignerError } from './signer/errors.ts'
import { signerOperations } from './signer/operations.ts'
import type { StsDeps } from './sts/call.ts'
import { stsOperationNames } from './sts/operation-names.ts'
import { stsOperations } from './sts/operations.ts'

export interface AwsEdge {
  readonly ecr: EcrDeps
  readonly iam: IamDeps
  readonly sts: StsDeps
  readonly cloudTrail: CloudTrailDeps
  readonly inspector: InspectorDeps
  readonly signer: SignerDeps
  readonly region: string
  /** How far a signer's clock may be off; auto for what AWS allows at each service. */
  readonly clockSkewMinutes: number | 'auto'
  readonly findKey: (
    id: string,
    sessionToken: string | undefined,
  ) => Promise<SigningKey | undefined>
  readonly recordUse: UseRecorder
  readonly authorize: Authorizer
  readonly audit: RequestAuditor
  /** What could be done, though nobody does it: a question is no event. */
  readonly ask: Authorizer
  /** As `ask`, if the first resource, a repository, had that policy. */
  readonly askUnder: (
    caller: Caller,
    request: AuthorizationRequest,
    policy: CompiledPolicy,
  ) => Promise<Authorization>
  readonly onFault: (error: unknown, requestId: string) => void
  /** Memory that bodies of this door may take together. */
  readonly bodies: ByteBudget
}

export type Authenticate = (
  request: SignedRequest,
  bodyHash: string,
) => Promise<SigV4Result<Caller>>

interface QuerySetting {
  readonly edge: AwsEdge
  readonly authenticate: Authenticate
  readonly source: QueryService<unknown>['source']
  readonly requestId: string
}

export function iamService(setting: QuerySetting): QueryService<IamDeps> {
  return {
    ...querySetting(setting),
    authenticate: withoutOwnSessions(setting.authenticate),
    model: iamModel,
    operations: iamOperations,
    names: iamOperationNames,
    deps: setting.edge.iam,
    spell: spellIamError,
  }
}

/** As in AWS, sessions of GetSessionToken without a second factor and federated ones cannot call IAM. */
function withoutOwnSessions(authenticate: Authenticate): Authenticate {
  return async (signed, bodyHash) => {
    const result = await authenticate(signed, bodyHash)
    if (result.kind === 'refused') return result
    const { session, requester } = result.key
    const isOfRole = requester.kind === 'assumed-role'
    return session === undefined || isOfRole ? result : unrecognised
  }
}

export function stsService(setting: QuerySetting): QueryService<StsDeps> {
  return {
    ...querySetting(setting),
    model: stsModel,
    operations: stsOperations,
    names: stsOperationNames,
    deps: setting.edge.sts,
    spell: spellIamError,
  }
}

function querySetting({ edge, authenticate, source, requestId }: QuerySetting) {
  return {
    region: edge.region,
    source,
    authenticate,
    authorize: edge.authorize,
    onFault: (error: unknown) => edge.onFault(error, requestId),
  }
}

export function jsonSetting(edge: AwsEdge, authenticate: Authenticate, requestId: string) {
  const onFault = (error: unknown): void => edge.onFault(error, requestId)
  return { region: edge.region, authenticate, authorize: edge.authorize, onFault }
}

type JsonSetting = ReturnType<typeof jsonSetting>

/** `inspects`: the request says that what it reads is only looked at. */
export function ecrService(
  setting: JsonSetting,
  edge: AwsEdge,
  inspects: boolean,
): JsonService<EcrDeps, EcrCall> {
  return {
    ...setting,
    service: 'ecr',
    operations: ecrOperations,
    unserved: new Set(),
    deps: edge.ecr,
    callOf: (caller, judged) => ({ ...callOf(edge, caller, judged), inspects }),
    spell: spellException,
  }
}

/** For as long as the clients of AWS wait for an answer. */
const lookupMs = 60_000

export function trailService(
  setting: JsonSetting,
  { cloudTrail }: AwsEdge,
): JsonService<CloudTrailDeps, CloudTrailCall> {
  return {
    ...setting,
    service: 'cloudtrail',
    operations: cloudTrailOperations,
    unserved: new Set(),
    deps: cloudTrail,
    callOf: (caller) => ({ caller, signal: AbortSignal.timeout(lookupMs) }),
    spell: spellCloudTrailError,
  }
}

export function inspectorService(
  setting: JsonSetting,
  { inspector }: AwsEdge,
): JsonService<InspectorDeps, InspectorCall> {
  return {
    ...setting,
    service: 'inspector2',
    operations: inspectorOperations,
    unserved: unservedInspectorOperations,
    deps: inspector,
    callOf: (caller) => ({ caller }),
    spell: spellInspectorError,
  }
}

export function signerService(
  setting: JsonSetting,
  { signer }: AwsEdge,
): JsonService<SignerDeps, SignerCall> {
  return {
    ...setting,
    service: 'signer',
    operations: signerOperations,
    unserved: new Set(),
    deps: signer,
    callOf: (caller) => ({ caller }),
    spell: spellSignerError,
  }
}

function callOf(
  edge: AwsEdge,
  caller: Caller,
  judged: Judged | undefined,
): Omit<EcrCall, 'inspects'> {
  const asked = (action: string, { account, name }: RepositoryAddress): AuthorizationRequest => ({
    action,
    resources: [repositoryArn(edge.region, account, name)],
  })
  const judgeAgain = async (): Promise<void> => {
    if (judged === undefined) return
    const again = await edge.authorize(caller, judged.request)
    if (again.kind === 'deny') throw ecrAccessDenied(again)
  }
  const gate = commitGate(judged?.result.epoch ?? 0, judgeAgain)
  return {
    caller,
    denied: judged?.result.kind === 'deny' ? judged.result : undefined,
    may: async (action, repository) =>
      (await edge.ask(caller, asked(action, repository))).kind === 'allow',
    mayUnder: async (action, resource, policy) =>
      (await edge.askUnder(caller, { action, resources: [resource] }, policy)).kind === 'allow',
    // The whole manifest was there when it was judged.
    stillAllowed: (tx) => gate(tx),
  }
}
