import { Type } from 'typebox'
import { listIdentityTags } from '../../../access/identity-tag-store.ts'
import { tagIdentity, untagIdentity, type OwnerLookup } from '../../../access/identity-tags.ts'
import {
  addClientId,
  createProvider,
  deleteProvider,
  getProvider,
  listProviders,
  putThumbprints,
  removeClientId,
} from '../../../access/oidc-providers.ts'
import type { RequestKeys } from '../../../access/request-context.ts'
import { oidcProviderArn, parseOidcProviderArn } from '../../../policy/oidc-provider-arn.ts'
import {
  queryOperation,
  type QueryCall,
  type QueryOperation,
  type QueryScope,
} from '../protocol/query-operation.ts'
import { ifTagged, tagKeys, tags } from '../protocol/tag-inputs.ts'
import type { IamDeps } from './call.ts'
import { arn, paging } from './inputs.ts'
import { entityKeys, requestTagKeys, tagsOf } from './resources.ts'
import { tagsShape } from './shapes.ts'
import { tagPage } from './tag-page.ts'

const clientId = Type.String({ minLength: 1, maxLength: 255 })
const thumbprints = Type.Array(Type.String({ minLength: 40, maxLength: 40 }))
const providerMember = { OpenIDConnectProviderArn: arn }
/** About a provider that is there: its ARN, its tags. */
const aboutProvider = { resources: providerResource, keys: providerKeys }

export const oidcProviderOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreateOpenIDConnectProvider',
    input: Type.Object({
      Url: Type.String({ minLength: 1, maxLength: 255 }),
      ClientIDList: Type.Optional(Type.Array(clientId)),
      ThumbprintList: Type.Optional(thumbprints),
      Tags: Type.Optional(tags),
    }),
    action: 'iam:CreateOpenIDConnectProvider',
    furtherActions: ifTagged('iam:TagOpenIDConnectProvider'),
    resources: ({ Url }, { caller }) => [
      oidcProviderArn(caller.accountId, Url.replace(/^https?:\/\//i, '').replace(/\/$/, '')),
    ],
    keys: ({ Tags }) => requestTagKeys(Tags),
    run: async (deps: IamDeps, input, { caller }) => {
      const made = await createProvider(deps, {
        account: caller.accountId,
        url: input.Url,
        clientIds: input.ClientIDList ?? [],
        thumbprints: input.ThumbprintList ?? [],
        tags: tagsOf(input.Tags),
      })
      return { OpenIDConnectProviderArn: made, ...tagsShape(tagsOf(input.Tags)) }
    },
  }),
  queryOperation({
    name: 'GetOpenIDConnectProvider',
    input: Type.Object(providerMember),
    action: 'iam:GetOpenIDConnectProvider',
    ...aboutProvider,
    run: async ({ database }: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.OpenIDConnectProviderArn }
      const provider = await getProvider({ reader: database }, address)
      return {
        Url: provider.issuer,
        ClientIDList: provider.clientIds,
        ThumbprintList: provider.thumbprints,
        CreateDate: provider.createdAt,
        ...tagsShape(await listIdentityTags(database, input.OpenIDConnectProviderArn)),
      }
    },
  }),
  queryOperation({
    name: 'ListOpenIDConnectProviders',
    input: Type.Object({}),
    action: 'iam:ListOpenIDConnectProviders',
    resources: () => ['*'],
    run: async ({ database }: IamDeps, _input, { caller }) => {
      const arns = await listProviders({ reader: database }, caller.accountId)
      return { OpenIDConnectProviderList: arns.map((one) => ({ Arn: one })) }
    },
  }),
  queryOperation({
    name: 'UpdateOpenIDConnectProviderThumbprint',
    input: Type.Object({ ...providerMember, ThumbprintList: thumbprints }),
    action: 'iam:UpdateOpenIDConnectProviderThumbprint',
    ...aboutProvider,
    run: async (deps: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.OpenIDConnectProviderArn }
      await putThumbprints(deps, { ...address, thumbprints: input.ThumbprintList })
      return undefined
    },
  }),
  queryOperation({
    name: 'AddClientIDToOpenIDConnectProvider',
    input: Type.Object({ ...providerMember, ClientID: clientId }),
    action: 'iam:AddClientIDToOpenIDConnectProvider',
    ...aboutProvider,
    run: async (deps: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.OpenIDConnectProviderArn }
      await addClientId(deps, { ...address, clientId: input.ClientID })
      return undefined
    },
  }),
  queryOperation({
    name: 'RemoveClientIDFromOpenIDConnectProvider',
    input: Type.Object({ ...providerMember, ClientID: clientId }),
    action: 'iam:RemoveClientIDFromOpenIDConnectProvider',
    ...aboutProvider,
    run: async (deps: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.OpenIDConnectProviderArn }
      await removeClientId(deps, { ...address, clientId: input.ClientID })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeleteOpenIDConnectProvider',
    input: Type.Object(providerMember),
    action: 'iam:DeleteOpenIDConnectProvider',
    ...aboutProvider,
    run: async (deps: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.OpenIDConnectProviderArn }
      await deleteProvider(deps, address)
      return undefined
    },
  }),
  queryOperation({
    name: 'TagOpenIDConnectProvider',
    input: Type.Object({ ...providerMember, Tags: tags }),
    action: 'iam:TagOpenIDConnectProvider',
    resources: providerResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await providerKeys(input, scope, deps)),
      ...requestTagKeys(input.Tags),
    }),
    run: async (deps: IamDeps, input, call) => {
      await tagIdentity(deps, { owner: providerIn(input, call), tags: tagsOf(input.Tags) })
      return undefined
    },
  }),
  queryOperation({
    name: 'UntagOpenIDConnectProvider',
    input: Type.Object({ ...providerMember, TagKeys: tagKeys }),
    action: 'iam:UntagOpenIDConnectProvider',
    resources: providerResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await providerKeys(input, scope, deps)),
      'aws:TagKeys': input.TagKeys,
    }),
    run: async (deps: IamDeps, input, call) => {
      await untagIdentity(deps, { owner: providerIn(input, call), keys: input.TagKeys })
      return undefined
    },
  }),
  queryOperation({
    name: 'ListOpenIDConnectProviderTags',
    input: Type.Object({ ...providerMember, ...paging }),
    action: 'iam:ListOpenIDConnectProviderTags',
    ...aboutProvider,
    run: async (deps: IamDeps, input, call) => {
      const { id } = await providerIn(input, call)(deps.database)
      return tagPage(deps, { operation: 'ListOpenIDConnectProviderTags', call, inputs: id, input })
    },
  }),
]

interface NamesProvider {
  readonly OpenIDConnectProviderArn: string
}

function providerResource({ OpenIDConnectProviderArn }: NamesProvider): readonly string[] {
  return [OpenIDConnectProviderArn]
}

/** Tags of a provider are kept under its ARN. Those of another account's are not for a caller's own policies to ask about. */
async function providerKeys(
  { OpenIDConnectProviderArn: id }: NamesProvider,
  { caller }: QueryScope,
  { database }: IamDeps,
): Promise<RequestKeys> {
  return parseOidcProviderArn(id)?.account === caller.accountId
    ? entityKeys(database, { id, boundaryArn: undefined })
    : {}
}

function providerIn(
  { OpenIDConnectProviderArn: id }: NamesProvider,
  { caller }: QueryCall,
): OwnerLookup {
  return async (reader) => {
    await getProvider({ reader }, { account: caller.accountId, arn: id })
    return { id }
  }
}
