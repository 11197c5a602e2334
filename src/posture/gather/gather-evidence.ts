// All evidence of an account's posture, read where it is kept: what the command line asks for by the public APIs, and without dating a pull.
import { readAdvisories } from './read-advisories.ts'
import { readAdmission } from './read-admission.ts'
import { readIdentities } from './read-identities.ts'
import { readRegistry } from './read-registry.ts'
import { readRepositories, type RepositoryDeps } from './read-repositories.ts'
import type { LogFacts } from '../log-facts.ts'
import type { AccountId } from '../../policy/account-id.ts'
import type { Expectations, PostureEvidence } from '../rules/evidence.ts'

export interface GatherDeps extends RepositoryDeps {
  /** The address that clients use. */
  readonly url: () => string
}

/** Works in small pieces, and rests after each. */
export async function gatherEvidence(
  deps: GatherDeps,
  {
    account,
    expectations,
    log,
  }: {
    readonly account: AccountId
    readonly expectations: Expectations
    readonly log: LogFacts
  },
  options: { readonly signal: AbortSignal },
): Promise<PostureEvidence> {
  const now = deps.clock.now().getTime()
  return {
    now,
    account: { kind: 'told', value: account },
    expectations,
    repositories: {
      kind: 'told',
      value: await readRepositories(deps, { account, now }, options),
    },
    ...(await readRegistry(deps.database, account)),
    admission: { kind: 'told', value: await readAdmission(deps.database, account, now) },
    ...(await readAdvisories(deps, account)),
    ...(await readIdentities(deps.database, account, options)),
    address: { kind: 'told', value: deps.url() },
    rootUse: log.rootUse,
    lastBackup: log.lastBackup,
    lastLogExport: log.lastLogExport,
    chain: log.chain,
  }
}
