import type { SigningRule } from '../../../trust/rules/signing-configuration.ts'

/** The model's SigningConfiguration, as inputs have it. */
export interface SigningConfigurationShape {
  readonly rules: readonly {
    readonly signingProfileArn: string
    readonly repositoryFilters?: readonly {
      readonly filter: string
      readonly filterType: 'WILDCARD_MATCH'
    }[]
  }[]
}

export function readSigningRules({ rules }: SigningConfigurationShape): readonly SigningRule[] {
  return rules.map(({ signingProfileArn, repositoryFilters }) => ({
    profileArn: signingProfileArn,
    filters: repositoryFilters?.map(({ filter }) => filter),
  }))
}

export function renderSigningRules(rules: readonly SigningRule[]): SigningConfigurationShape {
  return {
    rules: rules.map(({ profileArn, filters }) => ({
      signingProfileArn: profileArn,
      ...(filters === undefined
        ? {}
        : {
            repositoryFilters: filters.map(
              (filter) => ({ filter, filterType: 'WILDCARD_MATCH' }) as const,
            ),
          }),
    })),
  }
}
