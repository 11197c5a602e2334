// The operations on pull-through cache rules: input model, IAM action, resource, and what runs.
import { Type } from 'typebox'
import { pullThroughPrefixPattern } from '../../../replication/rules/pull-through-rules.ts'
import { upstreamKinds } from '../../../replication/rules/upstreams.ts'
import { operation, type Operation } from '../protocol/operation.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { createPullThroughCacheRule } from './create-pull-through-cache-rule.ts'
import { deletePullThroughCacheRule } from './delete-pull-through-cache-rule.ts'
import { describePullThroughCacheRules } from './describe-pull-through-cache-rules.ts'
import { onEverything, registryId } from './repository-input.ts'
import { updatePullThroughCacheRule } from './update-pull-through-cache-rule.ts'
import { validatePullThroughCacheRule } from './validate-pull-through-cache-rule.ts'

const prefix = Type.String({ minLength: 2, maxLength: 30, pattern: pullThroughPrefixPattern })
const credentialArn = Type.String({
  minLength: 50,
  maxLength: 612,
  pattern:
    '^arn:aws(-\\w+)*:secretsmanager:[a-zA-Z0-9:-]+:secret:ecr-pullthroughcache/[a-zA-Z0-9/_+=.@-]+$',
})
const named = { registryId: Type.Optional(registryId), ecrRepositoryPrefix: prefix }
const access = {
  credentialArn: Type.Optional(credentialArn),
  customRoleArn: Type.Optional(Type.String({ maxLength: 2048 })),
}

export const pullThroughOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'CreatePullThroughCacheRule',
    input: Type.Object({
      ...named,
      upstreamRegistryUrl: Type.String({ maxLength: 2048 }),
      upstreamRegistry: Type.Optional(Type.Enum([...upstreamKinds])),
      upstreamRepositoryPrefix: Type.Optional(prefix),
      ...access,
    }),
    action: 'ecr:CreatePullThroughCacheRule',
    resources: onEverything,
    errorStyle: 'validation',
    run: createPullThroughCacheRule,
  }),
  operation({
    name: 'UpdatePullThroughCacheRule',
    input: Type.Object({ ...named, ...access }),
    action: 'ecr:UpdatePullThroughCacheRule',
    resources: onEverything,
    errorStyle: 'validation',
    run: updatePullThroughCacheRule,
  }),
  operation({
    name: 'DeletePullThroughCacheRule',
    input: Type.Object(named),
    action: 'ecr:DeletePullThroughCacheRule',
    resources: onEverything,
    errorStyle: 'validation',
    run: deletePullThroughCacheRule,
  }),
  operation({
    name: 'DescribePullThroughCacheRules',
    input: Type.Object({
      registryId: Type.Optional(registryId),
      ecrRepositoryPrefixes: Type.Optional(Type.Array(prefix, { minItems: 1, maxItems: 100 })),
      nextToken: Type.Optional(Type.String({ maxLength: 8192 })),
      maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    }),
    action: 'ecr:DescribePullThroughCacheRules',
    resources: onEverything,
    errorStyle: 'validation',
    run: describePullThroughCacheRules,
  }),
  operation({
    name: 'ValidatePullThroughCacheRule',
    input: Type.Object(named),
    action: 'ecr:ValidatePullThroughCacheRule',
    resources: onEverything,
    errorStyle: 'validation',
    run: validatePullThroughCacheRule,
  }),
]
