/** Operations of the service's model (2015-09-21) that this version does not serve. */
export const unservedEcrOperations: ReadonlySet<string> = new Set([
  'CreateRepositoryCreationTemplate',
  'DeleteRepositoryCreationTemplate',
  'DescribeRepositoryCreationTemplates',
  'UpdateRepositoryCreationTemplate',
])
