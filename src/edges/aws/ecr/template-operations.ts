// The operations on repository creation templates: input model, IAM actions, resources, and what runs.
import { Type } from 'typebox'
import { operation, type Operation } from '../protocol/operation.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { createRepositoryCreationTemplate } from './create-repository-creation-template.ts'
import { deleteRepositoryCreationTemplate } from './delete-repository-creation-template.ts'
import { describeRepositoryCreationTemplates } from './describe-repository-creation-templates.ts'
import { onEverything } from './repository-input.ts'
import {
  appliedFor,
  authorsRights,
  changersRights,
  prefixMember,
  templateMembers,
} from './template-input.ts'
import { updateRepositoryCreationTemplate } from './update-repository-creation-template.ts'

export const templateOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'CreateRepositoryCreationTemplate',
    input: Type.Object({ ...templateMembers, prefix: prefixMember, appliedFor }),
    action: 'ecr:CreateRepositoryCreationTemplate',
    furtherRequests: authorsRights,
    resources: onEverything,
    errorStyle: 'validation',
    run: createRepositoryCreationTemplate,
  }),
  operation({
    name: 'UpdateRepositoryCreationTemplate',
    input: Type.Object({
      ...templateMembers,
      prefix: prefixMember,
      appliedFor: Type.Optional(appliedFor),
    }),
    action: 'ecr:UpdateRepositoryCreationTemplate',
    furtherRequests: changersRights,
    resources: onEverything,
    errorStyle: 'validation',
    run: updateRepositoryCreationTemplate,
  }),
  operation({
    name: 'DeleteRepositoryCreationTemplate',
    input: Type.Object({ prefix: prefixMember }),
    action: 'ecr:DeleteRepositoryCreationTemplate',
    resources: onEverything,
    errorStyle: 'validation',
    run: deleteRepositoryCreationTemplate,
  }),
  operation({
    name: 'DescribeRepositoryCreationTemplates',
    input: Type.Object({
      prefixes: Type.Optional(Type.Array(prefixMember, { maxItems: 100 })),
      nextToken: Type.Optional(Type.String({ maxLength: 8192 })),
      maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    }),
    action: 'ecr:DescribeRepositoryCreationTemplates',
    resources: onEverything,
    errorStyle: 'validation',
    run: describeRepositoryCreationTemplates,
  }),
]
