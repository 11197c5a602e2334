import { Type } from 'typebox'
import { assumeRole, type AssumedRole } from '../../../access/assume-role.ts'
import { assumeRoleWithWebIdentity } from '../../../access/assume-role-with-web-identity.ts'
import type { TokenTags } from '../../../access/rules/id-token-tags.ts'
import { accessError } from '../../../access/errors.ts'
import {
  queryOperation,
  unsignedQueryOperation,
  type QueryOperation,
} from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import { tagKeys, tags } from '../protocol/tag-inputs.ts'
import { credentialsShape, refuseMfa, type StsDeps } from './call.ts'
import {
  arn,
  externalId,
  mfa,
  readPolicies,
  readTags,
  roleSeconds,
  sessionName,
  sessionPolicies,
  sourceIdentity,
} from './inputs.ts'

function roleShape(role: AssumedRole): QueryStructure {
  return {
    Credentials: credentialsShape(role.credentials),
    AssumedRoleUser: { AssumedRoleId: role.assumedRoleId, Arn: role.arn },
    PackedPolicySize: role.packedPolicySize,
    SourceIdentity: role.sourceIdentity,
  }
}

/** What a token says of its session, in CloudTrail's names for it. */
function tokenFields({ tags: said, transitiveKeys, sourceIdentity: identity }: TokenTags) {
  const principalTags = Object.fromEntries(said.map(({ key, value }) => [key, value]))
  return {
    ...(said.length === 0 ? {} : { principalTags }),
    ...(transitiveKeys.length === 0 ? {} : { transitiveTagKeys: transitiveKeys }),
    ...(identity === undefined ? {} : { sourceIdentity: identity }),
  }
}

export const roleOperations: readonly QueryOperation<StsDeps>[] = [
  queryOperation({
    name: 'AssumeRole',
    input: Type.Object({
      RoleArn: arn,
      RoleSessionName: sessionName,
      ...sessionPolicies,
      DurationSeconds: Type.Optional(roleSeconds),
      Tags: Type.Optional(tags),
      TransitiveTagKeys: Type.Optional(tagKeys),
      ExternalId: Type.Optional(externalId),
      ...mfa,
      SourceIdentity: Type.Optional(sourceIdentity),
      ProvidedContexts: Type.Optional(Type.Array(Type.Object({}), { maxItems: 5 })),
    }),
    access: {
      kind: 'judged-by-operation',
      action: 'sts:AssumeRole',
      why: 'the role’s trust policy has to agree, and tags and a source identity are actions of their own',
    },
    async run(deps, input, { caller }) {
      refuseMfa(input)
      if (input.ProvidedContexts !== undefined && input.ProvidedContexts.length > 0) {
        throw accessError('INPUT_CONSTRAINT', 'ProvidedContexts are not taken by this registry')
      }
      const asked = {
        roleArn: input.RoleArn,
        sessionName: input.RoleSessionName,
        durationSeconds: input.DurationSeconds,
        externalId: input.ExternalId,
        sourceIdentity: input.SourceIdentity,
        tags: readTags(input.Tags),
        transitiveKeys: input.TransitiveTagKeys ?? [],
        ...readPolicies(input),
      }
      return roleShape(await assumeRole(deps, asked, caller))
    },
  }),
  unsignedQueryOperation({
    name: 'AssumeRoleWithWebIdentity',
    input: Type.Object({
      RoleArn: arn,
      RoleSessionName: sessionName,
      WebIdentityToken: Type.String({ minLength: 4, maxLength: 20_000 }),
      ProviderId: Type.Optional(Type.String({ minLength: 4, maxLength: 2048 })),
      ...sessionPolicies,
      DurationSeconds: Type.Optional(roleSeconds),
    }),
    action: 'sts:AssumeRoleWithWebIdentity',
    why: 'the ID token is the credential, and the role’s trust policy judges it',
    async run(deps, input, { sourceAddress, secureTransport, tell }) {
      const asked = {
        roleArn: input.RoleArn,
        sessionName: input.RoleSessionName,
        token: input.WebIdentityToken,
        providerId: input.ProviderId,
        durationSeconds: input.DurationSeconds,
        ...readPolicies(input),
      }
      const source = { sourceAddress, secureTransport }
      const role = await assumeRoleWithWebIdentity(deps, asked, source, (said) =>
        tell(tokenFields(said)),
      )
      return {
        ...roleShape(role),
        SubjectFromWebIdentityToken: role.subject,
        Audience: role.audience,
        Provider: role.providerArn,
      }
    },
  }),
]
