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

const maxKeyLength = 128
const maxValueLength = 256

/** What tags may be is told by exceptions of their own; here is what anybody gets to put into conditions. */
export const tagKey = Type.String({ maxLength: 1024 })
/** The model has no limit of its own: more than the fifty that are possible are refused by TooManyTagsException. */
export const tagList = Type.Array(
  Type.Object({ Key: tagKey, Value: Type.String({ maxLength: 1024 }) }),
  { maxItems: 200 },
)

/** What policies may ask of the tags in a request. */
export function tagKeysOf(tags: readonly TagShape[]): RequestKeys {
  return requestTagKeys(tags.map(({ Key, Value }) => ({ key: Key, value: Value })))
}

/** Tags as AWS accepts them: no reserved prefix, no key twice, at most 50, keys of 1 to 128 characters, values of at most 256. */
export function readTags(tags: readonly TagShape[]): readonly RepositoryTag[] {
  readTagKeys(tags.map(({ Key }) => Key))
  for (const { Key, Value } of tags) {
    if (Value.length > maxValueLength)
      throw invalidTag(
        `the value of tag ${Key} has ${Value.length} characters; at most ${maxValueLength} are possible`,
      )
  }
  return tags.map(({ Key, Value }) => ({ key: Key, value: Value }))
}

/** Keys as they may be of tags that are put or taken away. */
export function readTagKeys(keys: readonly string[]): readonly string[] {
  if (keys.length > maxRepositoryTags) {
    throw ecrError(
      'TooManyTagsException',
      `At most ${maxRepositoryTags} tags are possible, ${keys.length} were given`,
    )
  }
  const seen = new Set<string>()
  for (const key of keys) {
    const shown = key.slice(0, maxKeyLength)
    if (key === '' || key.length > maxKeyLength)
      throw invalidTag(
        `tag key '${shown}' has ${key.length} characters; 1 to ${maxKeyLength} are possible`,
      )
    if (key.toLowerCase().startsWith('aws:'))
      throw invalidTag(`tag key ${shown} begins with aws:, which is reserved`)
    if (seen.has(key)) throw invalidTag(`tag key ${shown} was given twice`)
    seen.add(key)
  }
  return keys
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
