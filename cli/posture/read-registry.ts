// What the registry as a whole is told to do: what it fetches, copies and signs. By the ECR API alone.
import {
  DescribeRegistryCommand,
  GetSigningConfigurationCommand,
  paginateDescribePullThroughCacheRules,
  ValidatePullThroughCacheRuleCommand,
  type PullThroughCacheRule,
} from '@aws-sdk/client-ecr'
import type {
  PostureEvidence,
  PullThroughEvidence,
  ReplicationEvidence,
} from '../../src/posture/rules/evidence.ts'
import type { Session } from '../session.ts'
import { tell, tellIfThere } from './told.ts'

type RegistryEvidence = Pick<PostureEvidence, 'pullThrough' | 'replication' | 'signing'>

export async function readRegistry(session: Session): Promise<RegistryEvidence> {
  const signing = await tellIfThere('ecr:GetSigningConfiguration', () => signedPatterns(session), {
    absent: ['SigningConfigurationNotFoundException'],
  })
  return {
    pullThrough: await tell('ecr:DescribePullThroughCacheRules', () => readPullThrough(session)),
    replication: await tell('ecr:DescribeRegistry', () => readReplication(session)),
    signing: signing.kind === 'told' ? { kind: 'told', value: signing.value ?? [] } : signing,
  }
}

async function signedPatterns({ ecr }: Session): Promise<readonly string[]> {
  const { signingConfiguration } = await ecr.send(new GetSigningConfigurationCommand({}))
  return (signingConfiguration?.rules ?? []).flatMap(({ repositoryFilters = [] }) =>
    // A rule without filters is about every repository.
    repositoryFilters.length === 0 ? ['*'] : repositoryFilters.map(({ filter = '' }) => filter),
  )
}

async function readPullThrough(session: Session): Promise<readonly PullThroughEvidence[]> {
  const rules: PullThroughEvidence[] = []
  const config = { client: session.ecr, pageSize: 100 }
  for await (const page of paginateDescribePullThroughCacheRules(config, {}))
    for (const rule of page.pullThroughCacheRules ?? []) {
      rules.push({
        prefix: rule.ecrRepositoryPrefix ?? '',
        upstream: rule.upstreamRegistryUrl ?? '',
        credentials: await credentialsOf(session, rule),
      })
    }
  return rules
}

/** A registry that does not carry its rules out has tried nothing: that says nothing of credentials. */
const untriedWords = /nothing was tried/

async function credentialsOf(
  { ecr }: Session,
  { credentialArn, ecrRepositoryPrefix }: PullThroughCacheRule,
): Promise<PullThroughEvidence['credentials']> {
  if (credentialArn === undefined) return undefined
  const command = new ValidatePullThroughCacheRuleCommand({ ecrRepositoryPrefix })
  const told = await tell('ecr:ValidatePullThroughCacheRule', () => ecr.send(command))
  if (told.kind !== 'told') return told
  const { isValid = false, failure = 'they do not work' } = told.value
  if (!isValid && untriedWords.test(failure)) return { kind: 'unknown', why: failure }
  return { kind: 'told', value: { isValid, words: failure } }
}

async function readReplication({ ecr }: Session): Promise<readonly ReplicationEvidence[]> {
  const { replicationConfiguration } = await ecr.send(new DescribeRegistryCommand({}))
  return (replicationConfiguration?.rules ?? []).flatMap(({ destinations = [] }) =>
    destinations.map(({ registryId = '', region = '' }) => ({ account: registryId, region })),
  )
}
