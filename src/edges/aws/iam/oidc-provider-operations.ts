import { Type } from 'typebox'
import {
  addClientId,
  createProvider,
  deleteProvider,
  getProvider,
  listProviders,
  putThumbprints,
  removeClientId,
} from '../../../access/oidc-providers.ts'
import { oidcProviderArn } from '../../../policy/oidc-provider-arn.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'
import { arn } from './policy-inputs.ts'

const clientId = Type.String({ minLength: 1, maxLength: 255 })
const thumbprints = Type.Array(Type.String({ minLength: 40, maxLength: 40 }))
const providerMember = { OpenIDConnectProviderArn: arn }
const providerResource = (input: {
  readonly OpenIDConnectProviderArn: string
}): readonly string[] => [input.OpenIDConnectProviderArn]

export const oidcProviderOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreateOpenIDConnectProvider',
    input: Type.Object({
      Url: Type.String({ minLength: 1, maxLength: 255 }),
      ClientIDList: Type.Optional(Type.Array(clientId)),
      ThumbprintList: Type.Optional(thumbprints),
    }),
    action: 'iam:CreateOpenIDConnectProvider',
    resources: ({ Url }, { caller }) => [
      oidcProviderArn(caller.accountId, Url.replace(/^https?:\/\//i, '').replace(/\/$/, '')),
    ],
    run: async (deps: IamDeps, input, { caller }) => {
      const made = await createProvider(deps, {
        account: caller.accountId,
        url: input.Url,
        clientIds: input.ClientIDList ?? [],
        thumbprints: input.ThumbprintList ?? [],
      })
      return { OpenIDConnectProviderArn: made }
    },
  }),
  queryOperation({
    name: 'GetOpenIDConnectProvider',
    input: Type.Object(providerMember),
    action: 'iam:GetOpenIDConnectProvider',
    resources: providerResource,
    run: async ({ database }: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.OpenIDConnectProviderArn }
      const provider = await getProvider({ reader: database }, address)
      return {
        Url: provider.issuer,
        ClientIDList: provider.clientIds,
        ThumbprintList: provider.thumbprints,
        CreateDate: provider.createdAt,
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
    resources: providerResource,
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
    resources: providerResource,
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
    resources: providerResource,
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
    resources: providerResource,
    run: async (deps: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.OpenIDConnectProviderArn }
      await deleteProvider(deps, address)
      return undefined
    },
  }),
]
