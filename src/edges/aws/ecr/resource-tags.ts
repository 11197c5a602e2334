import { Type } from 'typebox'
import { requestTagKeys, type RequestKeys } from '../../../access/request-context.ts'
import { parseRepositoryName } from '../../../oci/repository-name.ts'
import { parseArn } from '../../../policy/arn.ts'
import type { RepositoryAddress } from '../../../registry/repository-store.ts'
import { maxRepositoryTags } from '../../../registry/tag-repository.ts'
import type { RepositoryTag } from '../../../registry/repository-tag-store.ts'
import { ecrError, invalidParameter } from './errors.ts'

/** The model's Tag. */
export interface TagShape {
  readonly Key: string
  readonly Value: string
}

/** The model has no limit of its own: more than the fifty that are possible are refused by TooManyTagsException. */
export const tagList = Type.Array(
  Type.Object({
    Key: Type.String({ minLength: 1, maxLength: 128 }),
    Value: Type.String({ maxLength: 256 }),
  }),
  { maxItems: 200 },
)

/** What policies may ask of the tags in a request. */
export function tagKeysOf(tags: readonly TagShape[]): RequestKeys {
  return requestTagKeys(tags.map(({ Key, Value }) => ({ key: Key, value: Value })))
}

/** Tags as AWS accepts them: no reserved prefix, no key twice, at most 50. */
export function readTags(tags: readonly TagShape[]): readonly RepositoryTag[] {
  if (tags.length > maxRepositoryTags) {
    throw ecrError(
      'TooManyTagsException',
      `At most ${maxRepositoryTags} tags are possible, ${tags.length} were given`,
    )
  }
  const keys = new Set<string>()
  for (const { Key } of tags) {
    if (Key.toLowerCase().startsWith('aws:'))
      throw invalidTag(`tag key ${Key} begins with aws:, which is reserved`)
    if (keys.has(Key)) throw invalidTag(`tag key ${Key} was given twice`)
    keys.add(Key)
  }
  return tags.map(({ Key, Value }) => ({ key: Key, value: Value }))
}

function invalidTag(message: string): Error {
  return ecrError('InvalidTagParameterException', message)
}

/** The repository an ARN names, in this region. */
export function repositoryOfArn(region: string, resourceArn: string): RepositoryAddress {
  const arn = parseArn(resourceArn)
  const name = parseRepositoryName(/^repository\/(.+)$/.exec(arn?.resource ?? '')?.[1] ?? '')
  const isOurs = arn?.service === 'ecr' && arn.region === region
  if (!isOurs || arn.account === undefined || name === undefined) {
    throw invalidParameter('resourceArn', 'Invalid ARN')
  }
  return { account: arn.account, name }
}
