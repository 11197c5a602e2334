import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { ContextValues } from '../policy/context-values.ts'
import { denialSentence } from '../policy/denial.ts'
import type { AccessRequest } from '../policy/evaluate.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { policySet } from './authorize.ts'
import type { Caller } from './caller.ts'
import { listKnownCallers } from './list-known-callers.ts'
import { imagineCaller } from './named-caller.ts'
import type { Gathered, PolicySnapshots } from './policy-snapshot.ts'
import { isOfResource, proposeChanges, type ShownProposal } from './propose-changes.ts'
import { requestContext, type Installation, type RequestKeys } from './request-context.ts'
import {
  showExplanation,
  type Asked,
  type ShownExplanation,
  type View,
} from './show-explanation.ts'

export interface AccessExplanation extends ShownExplanation {
  readonly kind: 'explained'
  /** As messages name it. */
  readonly principal: string
  readonly action: string
  readonly resource: string
  /** AWS's sentence; absent where the request is allowed. */
  readonly message: string | undefined
  /** Of a denied request: what would have it allowed, the least first. */
  readonly proposals: readonly ShownProposal[]
  /** There are more principals than were looked at for whom else a proposal lets in, and who else may already. */
  readonly isCut: boolean
}

export type Explained = AccessExplanation | { readonly kind: 'unknown-principal' }

/** What only a connection has: absent, where nobody says otherwise. */
const ofConnection = new Set([
  'aws:sourceip',
  'aws:securetransport',
  'aws:useragent',
  'aws:referer',
  'pratique:authmethod',
])

/** For each proposal every one of them is decided anew. */
const mostOthers = 100

/** What questions about rights are answered from. */
export interface AnswerDeps extends Installation {
  readonly reader: SqlReader
  readonly snapshots: PolicySnapshots
  readonly clock: Clock
  /** Runs the installation, and so may see everybody's. */
  readonly managingAccount: AccountId
}

interface Input {
  /** Whose question it is. */
  readonly account: AccountId
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly keys: RequestKeys
}

/**
 * What the policies say to a request that a principal would make now, statement by statement, and what would have it allowed.
 * `keys` are condition keys as policies name them; they stand before what is known of the principal and the resource.
 */
export async function explainAccess(deps: AnswerDeps, input: Input): Promise<Explained> {
  const { account, action, resource } = input
  const now = deps.clock.now()
  const caller = await imagineCaller(deps.reader, input.principal, { account, now })
  // Nobody learns from here who there is in another account.
  const isTheirs = caller !== undefined && (isManaging(deps, account) || isOf(account, caller))
  if (caller === undefined || !isTheirs) return { kind: 'unknown-principal' }
  const gathered = await deps.snapshots.gather(caller, action, [resource])
  const asked = askedBy(deps, { caller, gathered, keys: input.keys, now }, input)
  const view: View = { ...asked, canRead: canReadAs(deps, account, asked.request) }
  const explained = showExplanation(view)
  const { decision } = explained
  const { principalArn } = caller
  const change =
    decision.kind === 'allow'
      ? { proposals: [], isCut: false }
      : await proposals(deps, input, { caller, now, view })
  return {
    ...explained,
    ...change,
    kind: 'explained',
    principal: principalArn,
    action,
    resource,
    message:
      decision.kind === 'allow'
        ? undefined
        : denialSentence({ principalArn, action, resource }, decision),
  }
}

function askedBy(
  deps: AnswerDeps,
  of: {
    readonly caller: Caller
    readonly gathered: Gathered
    readonly keys: RequestKeys
    readonly now: Date
  },
  { action, resource }: Pick<Input, 'action' | 'resource'>,
): Asked {
  const { caller, gathered, keys, now } = of
  const [about] = gathered.resources
  if (about === undefined) throw new Error('nothing was gathered for the resource')
  const known = requestContext({
    caller,
    now,
    installation: deps,
    principal: gathered.principal,
    resource: about,
    keys,
  })
  const { requester } = caller
  const context = withoutConnection(known, keys)
  const request = { requester, action, resource, resourceAccount: about.account, context }
  return { request, policies: policySet(request, gathered, about) }
}

function canReadAs(
  deps: AnswerDeps,
  account: AccountId,
  { requester, resourceAccount }: AccessRequest,
): View['canRead'] {
  if (isManaging(deps, account)) return () => true
  const own = 'account' in requester ? requester.account : undefined
  return (type) => (isOfResource(type) ? resourceAccount : own) === account
}

function isManaging({ managingAccount }: AnswerDeps, account: AccountId): boolean {
  return account === managingAccount
}

function isOf(account: AccountId, { accountId, requester }: Caller): boolean {
  return requester.kind === 'anonymous' || accountId === account
}

/** Beside the principal, others of its account are asked about: who else may, and whom a change would let in. */
async function proposals(
  deps: AnswerDeps,
  input: Input,
  about: { readonly caller: Caller; readonly now: Date; readonly view: View },
): Promise<Pick<AccessExplanation, 'proposals' | 'isCut'>> {
  const { action, resource } = input
  const { caller, now, view } = about
  // Of the resource's account where the asker may see them, else of the asker's own.
  const { resourceAccount = input.account } = view.request
  const account = isManaging(deps, input.account) ? resourceAccount : input.account
  let isCut = false
  // All at one moment, which may be another than that of the explanation.
  const [itself, ...gathered] = await deps.snapshots.gatherEach<Named>(
    async () => {
      const page = { after: '', limit: mostOthers, now }
      const { callers, next } = await listKnownCallers(deps.reader, account, page)
      isCut = next !== undefined
      const others = callers.filter((one) => entityOf(one) !== entityOf(caller))
      return [{ ...caller, name: caller.principalArn }, ...others]
    },
    action,
    resource,
  )
  if (itself === undefined) throw new Error('nothing was gathered for the principal')
  const askedOf = ([one, found]: typeof itself, keys: RequestKeys): Asked =>
    askedBy(deps, { caller: one, gathered: found, keys, now }, input)
  const others = gathered.map((one) => {
    const { request, policies } = askedOf(one, ofEverybody(input.keys))
    const { requester, context } = request
    return { name: one[0].name, requester, policies, context }
  })
  const asked = askedOf(itself, input.keys)
  return { proposals: proposeChanges({ ...asked, canRead: view.canRead }, others), isCut }
}

type Named = Caller & { readonly name: string }

/** Of a session its role or user: the same rights. */
function entityOf({ requester, principalId }: Caller): string {
  if (requester.kind === 'assumed-role') return requester.roleId
  return requester.kind === 'federated-user' ? requester.userId : principalId
}

/** What was said of the one principal does not hold for another. */
function ofEverybody(keys: RequestKeys): RequestKeys {
  const ofPrincipal = /^aws:(?:principal|userid$|username$|sourceidentity$|federatedprovider$)/i
  return Object.fromEntries(Object.entries(keys).filter(([key]) => !ofPrincipal.test(key)))
}

function withoutConnection(known: ContextValues, keys: RequestKeys): ContextValues {
  const given = new Set(Object.keys(keys).map((key) => key.toLowerCase()))
  return {
    get: (key) => (ofConnection.has(key) && !given.has(key) ? undefined : known.get(key)),
  }
}
