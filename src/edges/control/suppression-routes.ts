import { readAll } from '../../lib/read-all.ts'
import { digestOf, parseDigest, type Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import type { AppliedRules, DescribedRules } from '../../scanning/apply-rules.ts'
import type { RuleUse } from '../../scanning/rule-uses.ts'
import type { GivenDocument } from '../../scanning/vex-document-store.ts'
import type { ListedReferrer } from '../../scanning/vex-referrer-store.ts'
import { maxVexBytes } from '../../vex/read-vex.ts'
import { maxRulesBytes } from '../../vex/suppression-rules.ts'
import { judgedRepository, repositoryIn } from './finding-routes.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

interface Giver {
  readonly account: AccountId
  readonly principal: string
}

export interface SuppressionRooms {
  readonly putVexDocument: (
    input: Giver & { readonly content: Uint8Array },
  ) => Promise<GivenDocument & { readonly isNew: boolean }>
  readonly listVexDocuments: (account: AccountId) => Promise<readonly GivenDocument[]>
  readonly getVexDocument: (
    account: AccountId,
    digest: Digest,
  ) => Promise<{ readonly given: GivenDocument; readonly content: Uint8Array }>
  readonly removeVexDocument: (account: AccountId, digest: Digest) => Promise<void>
  readonly listVexReferrers: (input: {
    readonly account: AccountId
    readonly repository: RepositoryName
    readonly digest: Digest
  }) => Promise<readonly ListedReferrer[]>
  readonly applyRules: (
    input: Giver & { readonly text: string; readonly isDryRun: boolean },
  ) => Promise<AppliedRules>
  readonly describeRules: (account: AccountId) => Promise<DescribedRules>
  readonly countRuleUses: (
    account: AccountId,
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<RuleUse | { readonly kind: 'progress' }>
}

const documents = '/pratique/v1/vex'
const rules = '/pratique/v1/suppressions'

export const suppressionRoutes: readonly ControlRoute<SuppressionRooms>[] = [
  {
    method: 'GET',
    path: documents,
    action: 'pratique:ListVexDocuments',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { account, documents: await rooms.listVexDocuments(account) },
    }),
  },
  {
    method: 'POST',
    path: documents,
    action: 'pratique:PutVexDocument',
    isOfAccount: true,
    run: putDocument,
  },
  {
    method: 'DELETE',
    path: documents,
    action: 'pratique:DeleteVexDocument',
    isOfAccount: true,
    run: removeDocument,
  },
  {
    method: 'GET',
    path: `${documents}/document`,
    action: 'pratique:GetVexDocument',
    isOfAccount: true,
    run: showDocument,
  },
  {
    method: 'GET',
    path: `${documents}/referrers`,
    action: 'pratique:ListVexReferrers',
    isOfAccount: true,
    resources: judgedRepository,
    run: listReferrers,
  },
  {
    method: 'GET',
    path: rules,
    action: 'pratique:DescribeSuppressions',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { account, ...(await rooms.describeRules(account)) },
    }),
  },
  {
    method: 'GET',
    path: `${rules}/uses`,
    action: 'pratique:DescribeSuppressionUses',
    isOfAccount: true,
    run: async (rooms, { account, signal }) =>
      Promise.resolve({ kind: 'lines', values: rooms.countRuleUses(account, { signal }) }),
  },
  {
    method: 'POST',
    path: rules,
    action: 'pratique:PutSuppressions',
    isOfAccount: true,
    run: applyRules,
  },
]

async function putDocument(rooms: SuppressionRooms, call: ControlCall): Promise<ControlReply> {
  const { account, principal, body } = call
  const content = await readAll(body, maxVexBytes)
  if (content === undefined) return refused(`a VEX document has at most ${maxVexBytes} bytes`)
  if (isAnother(call.query, content)) return refused(notStated)
  return { kind: 'json', value: await rooms.putVexDocument({ account, principal, content }) }
}

/** Who states a digest has it in the audit log's record of the call. */
function isAnother(query: URLSearchParams, content: Uint8Array): boolean {
  const stated = query.get('digest')
  return stated !== null && stated !== digestOf(content)
}

const notStated = 'the body does not have the digest that the query states'

async function removeDocument(
  rooms: SuppressionRooms,
  { account, query }: ControlCall,
): Promise<ControlReply> {
  const digest = parseDigest(query.get('digest') ?? '')
  if (digest === undefined) return refused(badDigest)
  await rooms.removeVexDocument(account, digest)
  return { kind: 'json', value: { account, digest } }
}

const badDigest = 'digest must be that of a document, sha256:…'

async function showDocument(
  rooms: SuppressionRooms,
  { account, query }: ControlCall,
): Promise<ControlReply> {
  const digest = parseDigest(query.get('digest') ?? '')
  if (digest === undefined) return refused(badDigest)
  const { given, content } = await rooms.getVexDocument(account, digest)
  const document: unknown = JSON.parse(Buffer.from(content).toString())
  return { kind: 'json', value: { given, document } }
}

async function listReferrers(
  rooms: SuppressionRooms,
  { query }: ControlCall,
): Promise<ControlReply> {
  const place = repositoryIn(query)
  if (typeof place === 'string') return refused(place)
  const digest = parseDigest(query.get('digest') ?? '')
  if (digest === undefined) return refused('digest must be that of an image, sha256:…')
  return { kind: 'json', value: { referrers: await rooms.listVexReferrers({ ...place, digest }) } }
}

async function applyRules(rooms: SuppressionRooms, call: ControlCall): Promise<ControlReply> {
  const { account, principal, body, query } = call
  const bytes = await readAll(body, maxRulesBytes)
  if (bytes === undefined) return refused(`a file of rules has at most ${maxRulesBytes} bytes`)
  if (isAnother(query, bytes)) return refused(notStated)
  const isDryRun = query.get('dry-run') === 'true'
  const input = { account, principal, text: bytes.toString(), isDryRun }
  return { kind: 'json', value: await rooms.applyRules(input) }
}
