// Members of the simulating operations, with the constraints of IAM's model (2010-05-08).
import { Type, type Static } from 'typebox'
import { accessError } from '../../../access/errors.ts'
import type { PolicyExclusion } from '../../../access/simulate-principal.ts'
import type { SimulationInput } from '../../../access/simulate-policies.ts'
import { arn, document, longName, paging } from './inputs.ts'

const resourceName = Type.String({ minLength: 1, maxLength: 2048 })

export const simulationMembers = {
  ActionNames: Type.Array(Type.String({ minLength: 3, maxLength: 128 }), { minItems: 1 }),
  ResourceArns: Type.Optional(Type.Array(resourceName)),
  ResourcePolicy: Type.Optional(document),
  ResourceOwner: Type.Optional(resourceName),
  CallerArn: Type.Optional(resourceName),
  PermissionsBoundaryPolicyInputList: Type.Optional(Type.Array(document)),
  ContextEntries: Type.Optional(
    Type.Array(
      Type.Object({
        ContextKeyName: Type.Optional(Type.String({ minLength: 5, maxLength: 256 })),
        ContextKeyValues: Type.Optional(Type.Array(Type.String())),
        ContextKeyType: Type.Optional(
          Type.Enum([
            'string',
            'stringList',
            'numeric',
            'numericList',
            'boolean',
            'booleanList',
            'ip',
            'ipList',
            'binary',
            'binaryList',
            'date',
            'dateList',
          ]),
        ),
      }),
    ),
  ),
  // It asks that resources of EC2 are complete; there are none of them here.
  ResourceHandlingOption: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  ...paging,
}
const simulationModel = Type.Object(simulationMembers)
export type SimulationMembers = Static<typeof simulationModel>

export function simulationOf(input: SimulationMembers): SimulationInput {
  const resources = input.ResourceArns ?? []
  return {
    actions: input.ActionNames,
    resources: resources.length === 0 ? ['*'] : resources,
    resourceOwner: input.ResourceOwner,
    entries: (input.ContextEntries ?? []).map(
      ({ ContextKeyName, ContextKeyValues, ContextKeyType }, place) => {
        if (ContextKeyName !== undefined && ContextKeyType !== undefined) {
          return { key: ContextKeyName, type: ContextKeyType, values: ContextKeyValues ?? [] }
        }
        const message = `ContextEntries.${place + 1} must have a ContextKeyName and a ContextKeyType.`
        throw accessError('INPUT_INVALID', message)
      },
    ),
  }
}

export const exclusionList = Type.Array(
  Type.Object({
    PolicyType: Type.Optional(
      Type.Enum(['inline', 'aws-managed', 'user-managed', 'permission-boundary', 'scp', 'rcp']),
    ),
    PolicyArn: Type.Optional(arn),
    InlinePolicyIdentifier: Type.Optional(
      Type.Object({
        PolicyName: longName,
        AttachmentType: Type.Enum(['user', 'group', 'role']),
        AttachmentName: Type.String({ minLength: 1, maxLength: 128 }),
      }),
    ),
  }),
  { maxItems: 256 },
)

/** Each names policies in exactly one way. */
export function exclusionsOf(list: Static<typeof exclusionList> = []): readonly PolicyExclusion[] {
  return list.map(({ PolicyType, PolicyArn, InlinePolicyIdentifier }, place) => {
    const [only, ...others]: readonly PolicyExclusion[] = [
      ...(PolicyType === undefined ? [] : [{ kind: 'type', type: PolicyType } as const]),
      ...(PolicyArn === undefined ? [] : [{ kind: 'arn', pattern: PolicyArn } as const]),
      ...(InlinePolicyIdentifier === undefined
        ? []
        : [
            {
              kind: 'inline',
              name: InlinePolicyIdentifier.PolicyName,
              ownerKind: InlinePolicyIdentifier.AttachmentType,
              ownerPattern: InlinePolicyIdentifier.AttachmentName,
            } as const,
          ]),
    ]
    if (only !== undefined && others.length === 0) return only
    const message = `PolicyExclusionList.${place + 1} must name policies in exactly one way.`
    throw accessError('INPUT_INVALID', message)
  })
}
