// The operations on whose pulls do not count: input model, IAM action, resource, and what runs.
import { Type } from 'typebox'
import { operation, type Operation } from '../protocol/operation.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { deregisterPullTimeUpdateExclusion } from './deregister-pull-time-update-exclusion.ts'
import { listPullTimeUpdateExclusions } from './list-pull-time-update-exclusions.ts'
import { registerPullTimeUpdateExclusion } from './register-pull-time-update-exclusion.ts'
import { onEverything } from './repository-input.ts'

/** The model's: it lets users pass, which the service does not. */
const principalArn = Type.String({
  maxLength: 200,
  pattern: '^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[\\w+=,.@-]+(/[\\w+=,.@-]+)*$',
})

export const pullTimeOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'RegisterPullTimeUpdateExclusion',
    input: Type.Object({ principalArn }),
    action: 'ecr:RegisterPullTimeUpdateExclusion',
    resources: onEverything,
    errorStyle: 'validation',
    run: registerPullTimeUpdateExclusion,
  }),
  operation({
    name: 'DeregisterPullTimeUpdateExclusion',
    input: Type.Object({ principalArn }),
    action: 'ecr:DeregisterPullTimeUpdateExclusion',
    resources: onEverything,
    errorStyle: 'validation',
    run: deregisterPullTimeUpdateExclusion,
  }),
  operation({
    name: 'ListPullTimeUpdateExclusions',
    input: Type.Object({
      nextToken: Type.Optional(Type.String({ maxLength: 8192 })),
      maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    }),
    action: 'ecr:ListPullTimeUpdateExclusions',
    resources: onEverything,
    errorStyle: 'validation',
    run: listPullTimeUpdateExclusions,
  }),
]
