// How inputs name a repository, and which resources that makes them ask about.
import { Type } from 'typebox'
import { parseAccountId } from '../../../policy/account-id.ts'
import { repositoryArn } from '../../../policy/arn.ts'
import type { ResourceScope } from '../protocol/operation.ts'

export const registryId = Type.String({ pattern: '^[0-9]{12}$' })
export const repositoryName = Type.String({
  minLength: 2,
  maxLength: 256,
  pattern: '^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*$',
})
/** As most inputs name one. */
export const repository = { registryId: Type.Optional(registryId), repositoryName }
/** The model's ImageIdentifier. */
export const imageId = Type.Object({
  imageDigest: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  imageTag: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
})

interface NamesRepository {
  readonly registryId?: string
  readonly repositoryName: string
}

/** The repository of the account that the input names, else of the caller's. */
export function onRepository(input: NamesRepository, scope: ResourceScope): readonly string[] {
  const account = parseAccountId(input.registryId ?? '') ?? scope.account
  return [repositoryArn(scope.region, account, input.repositoryName)]
}

/** Each repository that the input names; of none named, all. */
export function onRepositories(
  input: { readonly registryId?: string; readonly repositoryNames?: readonly string[] },
  scope: ResourceScope,
): readonly string[] {
  const account = parseAccountId(input.registryId ?? '') ?? scope.account
  const names = input.repositoryNames ?? []
  return (names.length === 0 ? ['*'] : names).map((name) =>
    repositoryArn(scope.region, account, name),
  )
}

export const onEverything = (): readonly string[] => ['*']
