import { isRegistryError, registryError } from '../registry/errors.ts'
import type { RepositoryAddress } from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listPullThroughRules } from './pull-through-rule-store.ts'
import { maxPullThroughRules, selectRule, upstreamName } from './rules/pull-through-rules.ts'

/**
 * What a pull was refused with. Where a rule says that the image lies elsewhere, the sentence names the rule and says that nothing
 * is fetched: else whoever put the rule would look for a mistake of theirs.
 */
export async function tellPullThrough(
  reader: SqlReader,
  { account, name }: RepositoryAddress,
  thrown: unknown,
): Promise<unknown> {
  const isAbsent =
    isRegistryError(thrown) &&
    (thrown.code === 'REPOSITORY_UNKNOWN' || thrown.code === 'MANIFEST_UNKNOWN')
  if (!isAbsent) return thrown
  const page = { after: '', limit: maxPullThroughRules }
  const rule = selectRule(await listPullThroughRules(reader, account, page), name)
  if (rule === undefined) return thrown
  const message = `${thrown.message}; by the pull through cache rule '${rule.prefix}' it would be ${upstreamName(rule, name)} of ${rule.upstreamUrl}, and this version fetches nothing by such rules`
  return registryError(thrown.code, message, thrown.detail)
}
