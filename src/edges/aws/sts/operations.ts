import { Type } from 'typebox'
import { requestTagKeys } from '../../../access/request-context.ts'
import { decodeAuthorizationMessage } from '../../../access/encoded-message.ts'
import { accessError } from '../../../access/errors.ts'
import { findAccessKey } from '../../../access/access-key-store.ts'
import { getFederationToken, getSessionToken } from '../../../access/own-session.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import { ifTagged, tags } from '../protocol/tag-inputs.ts'
import { credentialsShape, refuseMfa, type StsDeps } from './call.ts'
import {
  federatedName,
  mfa,
  ownSeconds,
  readPolicies,
  readTags,
  sessionPolicies,
} from './inputs.ts'
import { roleOperations } from './role-operations.ts'

const rows: readonly QueryOperation<StsDeps>[] = [
  queryOperation({
    name: 'GetCallerIdentity',
    input: Type.Object({}),
    access: {
      kind: 'authenticated-only',
      why: 'AWS lets no policy deny it, since it tells callers only who they are',
    },
    // Others take it as a proof of identity.
    allowsPresigned: true,
    run: async (_, __, { caller }) =>
      Promise.resolve({
        UserId: caller.principalId,
        Account: caller.accountId,
        Arn: caller.principalArn,
      }),
  }),
  ...roleOperations,
  queryOperation({
    name: 'GetSessionToken',
    input: Type.Object({ DurationSeconds: Type.Optional(ownSeconds), ...mfa }),
    access: {
      kind: 'authenticated-only',
      why: 'AWS lets no policy allow or deny it: the session can do no more than its user',
    },
    async run(deps, input, { caller }) {
      refuseMfa(input)
      const asked = { durationSeconds: input.DurationSeconds }
      return { Credentials: credentialsShape(await getSessionToken(deps, asked, caller)) }
    },
  }),
  queryOperation({
    name: 'GetFederationToken',
    input: Type.Object({
      Name: federatedName,
      ...sessionPolicies,
      DurationSeconds: Type.Optional(ownSeconds),
      Tags: Type.Optional(tags),
    }),
    action: 'sts:GetFederationToken',
    furtherActions: ifTagged('sts:TagSession'),
    resources: ({ Name }, { caller }) => [
      `arn:aws:sts::${caller.accountId}:federated-user/${Name}`,
    ],
    keys: ({ Tags }) => requestTagKeys(readTags(Tags)),
    async run(deps, input, { caller }) {
      const asked = {
        name: input.Name,
        durationSeconds: input.DurationSeconds,
        tags: readTags(input.Tags),
        ...readPolicies(input),
      }
      const user = await getFederationToken(deps, asked, caller)
      return {
        Credentials: credentialsShape(user.credentials),
        FederatedUser: { FederatedUserId: user.id, Arn: user.arn },
        PackedPolicySize: user.packedPolicySize,
      }
    },
  }),
  queryOperation({
    name: 'GetAccessKeyInfo',
    input: Type.Object({
      AccessKeyId: Type.String({ minLength: 16, maxLength: 128, pattern: String.raw`^[\w]*$` }),
    }),
    action: 'sts:GetAccessKeyInfo',
    resources: () => ['*'],
    async run({ database }, input) {
      const key = await findAccessKey(database, input.AccessKeyId)
      if (key !== undefined) return { Account: key.user.account }
      // Of a temporary one nothing is stored: its session token holds all.
      throw accessError('INPUT_CONSTRAINT', 'The access key ID is not one of this registry')
    },
  }),
  queryOperation({
    name: 'DecodeAuthorizationMessage',
    input: Type.Object({ EncodedMessage: Type.String({ minLength: 1, maxLength: 10_240 }) }),
    action: 'sts:DecodeAuthorizationMessage',
    resources: () => ['*'],
    async run(deps, input, { caller }) {
      const decoded = decodeAuthorizationMessage(deps, input.EncodedMessage)
      // The right is one of the account whose policies are shown.
      if (decoded?.account === caller.accountId) {
        return Promise.resolve({ DecodedMessage: decoded.document })
      }
      throw accessError('MESSAGE_UNREADABLE', 'Invalid authorization message')
    },
  }),
]

export const stsOperations: ReadonlyMap<string, QueryOperation<StsDeps>> = new Map(
  rows.map((row) => [row.name, row]),
)
