// The operations on policies and settings of a registry: input model, IAM action, resource, and what runs.
import { Type } from 'typebox'
import { operation, type Operation } from '../protocol/operation.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { deleteRegistryPolicy } from './delete-registry-policy.ts'
import { deleteRepositoryPolicy } from './delete-repository-policy.ts'
import { getAccountSetting } from './get-account-setting.ts'
import { getRegistryPolicy } from './get-registry-policy.ts'
import { getRepositoryPolicy } from './get-repository-policy.ts'
import { putAccountSetting } from './put-account-setting.ts'
import { putRegistryPolicy } from './put-registry-policy.ts'
import { onEverything, onRepository, repository } from './repository-input.ts'
import { setRepositoryPolicy } from './set-repository-policy.ts'

/** The model's; AWS's documents are within it, and so is the room for blanks. */
const policyText = Type.String({ minLength: 0, maxLength: 10_240 })
const settingName = Type.String({ minLength: 1, maxLength: 64 })

export const policyOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'SetRepositoryPolicy',
    input: Type.Object({ ...repository, policyText, force: Type.Optional(Type.Boolean()) }),
    action: 'ecr:SetRepositoryPolicy',
    resources: onRepository,
    run: setRepositoryPolicy,
  }),
  operation({
    name: 'GetRepositoryPolicy',
    input: Type.Object(repository),
    action: 'ecr:GetRepositoryPolicy',
    resources: onRepository,
    run: getRepositoryPolicy,
  }),
  operation({
    name: 'DeleteRepositoryPolicy',
    input: Type.Object(repository),
    action: 'ecr:DeleteRepositoryPolicy',
    resources: onRepository,
    run: deleteRepositoryPolicy,
  }),
  operation({
    name: 'PutRegistryPolicy',
    input: Type.Object({ policyText }),
    action: 'ecr:PutRegistryPolicy',
    resources: onEverything,
    run: putRegistryPolicy,
  }),
  operation({
    name: 'GetRegistryPolicy',
    input: Type.Object({}),
    action: 'ecr:GetRegistryPolicy',
    resources: onEverything,
    run: getRegistryPolicy,
  }),
  operation({
    name: 'DeleteRegistryPolicy',
    input: Type.Object({}),
    action: 'ecr:DeleteRegistryPolicy',
    resources: onEverything,
    run: deleteRegistryPolicy,
  }),
  operation({
    name: 'GetAccountSetting',
    input: Type.Object({ name: settingName }),
    action: 'ecr:GetAccountSetting',
    resources: onEverything,
    keys: ({ name }) => ({ 'ecr:AccountSetting': name }),
    errorStyle: 'validation',
    run: getAccountSetting,
  }),
  operation({
    name: 'PutAccountSetting',
    input: Type.Object({ name: settingName, value: Type.String({ minLength: 1, maxLength: 64 }) }),
    action: 'ecr:PutAccountSetting',
    resources: onEverything,
    keys: ({ name }) => ({ 'ecr:AccountSetting': name }),
    errorStyle: 'validation',
    run: putAccountSetting,
  }),
]
