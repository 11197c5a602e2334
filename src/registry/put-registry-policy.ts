import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import { findRegistryPolicyRow } from '../access/policy-snapshot-store.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { PolicyDocument, Statement } from '../policy/document.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { readSetting } from './account-setting.ts'
import { registryError } from './errors.ts'
import { presentText } from './get-repository-policy.ts'
import { policyMalformed, readPolicy } from './read-policy.ts'
import { deleteRegistryPolicyRow, putRegistryPolicyRow } from './repository-policy-store.ts'
import { resolveOrRefuse } from './set-repository-policy.ts'

/** What a policy of scope V1 may speak of. */
export const actionsOfScopeV1 = [
  'ecr:ReplicateImage',
  'ecr:CreateRepository',
  'ecr:BatchImportUpstreamImage',
] as const

/** Puts the policy of an account's registry, or refuses with POLICY_MALFORMED. The text is kept as it is. */
export async function putRegistryPolicy(
  deps: { readonly database: Database; readonly clock: Clock; readonly region: string },
  input: { readonly account: AccountId; readonly text: string },
): Promise<void> {
  const { account, text } = input
  const document = readPolicy(text, 'registry')
  refuseOtherResources(deps.region, account, document)
  await deps.database.transaction(async (tx) => {
    if ((await readSetting(tx, account, 'REGISTRY_POLICY_SCOPE')) === 'V1') {
      refuseOtherActions(document)
    }
    const principals = await resolveOrRefuse(tx, document, 'registry')
    await putRegistryPolicyRow(tx, account, { document: text, principals }, deps.clock.now())
    await bumpPolicyEpoch(tx)
  })
}

/** The author's text, with principals as they are called now, or REGISTRY_POLICY_UNKNOWN. */
export async function getRegistryPolicy(reader: SqlReader, account: AccountId): Promise<string> {
  const policy = await findRegistryPolicyRow(reader, account)
  if (policy === undefined) throw policyUnknown(account)
  return presentText(reader, policy)
}

/** The text that was there, or REGISTRY_POLICY_UNKNOWN. */
export async function deleteRegistryPolicy(
  database: Database,
  account: AccountId,
): Promise<string> {
  return database.transaction(async (tx) => {
    const text = await getRegistryPolicy(tx, account)
    await deleteRegistryPolicyRow(tx, account)
    await bumpPolicyEpoch(tx)
    return text
  })
}

function refuseOtherResources(
  region: string,
  account: AccountId,
  { statements }: PolicyDocument,
): void {
  const form = new RegExp(`^arn:aws:ecr:(?:${region}|\\*):${account}:repository/.`)
  const isOther = ({ resource }: Statement): boolean =>
    resource === undefined ||
    resource.isNegated ||
    resource.patterns.some((pattern) => !form.test(pattern))
  const other = statements.find(isOther)
  if (other === undefined) return
  const reason = `Resource must name repositories of this registry: arn:aws:ecr:${region}:${account}:repository/*`
  throw policyMalformed('registry', { code: 'OTHER_RESOURCE', reason, at: other.at })
}

function refuseOtherActions({ statements }: PolicyDocument): void {
  const known = new Set(actionsOfScopeV1.map((action) => action.toLowerCase()))
  const isOther = ({ action }: Statement): boolean =>
    action.isNegated || action.patterns.some((pattern) => !known.has(pattern.toLowerCase()))
  const other = statements.find(isOther)
  if (other === undefined) return
  const reason = `a registry policy of scope V1 takes only ${actionsOfScopeV1.join(', ')}; set REGISTRY_POLICY_SCOPE to V2 for all`
  throw policyMalformed('registry', { code: 'OTHER_ACTION', reason, at: other.at })
}

function policyUnknown(account: AccountId): Error {
  const message = `the registry of account ${account} has no policy`
  return registryError('REGISTRY_POLICY_UNKNOWN', message, { account })
}
