// Purpose:  does a finding meet the criteria of a question or of a filter?
// Spec:     Amazon Inspector2 API Reference, FilterCriteria: StringFilter, DateFilter, NumberFilter, MapFilter, PackageFilter.
// Input:    criteria that were held against the model, and what is known of a finding.
// Deviates: nothing. Of several filters of one field one that is wanted must hold, and each that is not wanted; all fields must hold.
// Unknowns: a field of which nothing is known equals nothing, lies in no range, and is not equal to anything: criteria about functions,
//           machines and networks are met by no image, unless they only say what must not be. That is enough for being listed, not
//           for being held back: a filter that speaks of what no image has means other findings than those of images.

export interface TextCriterion {
  readonly comparison: 'EQUALS' | 'PREFIX' | 'NOT_EQUALS'
  readonly value: string
}
/** Epoch seconds; an absent end is open. */
export interface MomentCriterion {
  readonly startInclusive?: number
  readonly endInclusive?: number
}
export interface NumberCriterion {
  readonly lowerInclusive?: number
  readonly upperInclusive?: number
}
export interface TagCriterion {
  readonly comparison: 'EQUALS'
  readonly key: string
  /** Absent: whatever the tag's value is. */
  readonly value?: string
}
export interface PortCriterion {
  readonly beginInclusive?: number
  readonly endInclusive?: number
}
/** All members that are given must hold of one package. */
export type PackageCriterion = Partial<
  Readonly<Record<PackageTextField, TextCriterion>> & {
    readonly epoch: NumberCriterion
    readonly purlQualifier: TagCriterion
  }
>

/** What the questions of each kind are about: of the image, or of the flaw in it. */
export const imageTextFields = [
  'awsAccountId',
  'findingType',
  'resourceType',
  'resourceId',
  'ecrImageArchitecture',
  'ecrImageRegistry',
  'ecrImageRepositoryName',
  'ecrImageTags',
  'ecrImageHash',
  'cloudProvider',
  'cloudProviderRegion',
  'cloudProviderAccountId',
] as const
export const recordTextFields = [
  'findingArn',
  'severity',
  'findingStatus',
  'title',
  'vulnerabilityId',
  'vulnerabilitySource',
  'vendorSeverity',
  'relatedVulnerabilities',
  'fixAvailable',
  'exploitAvailable',
] as const
/** Of functions, machines, code and other clouds: nothing here has them. */
export const foreignTextFields = [
  'ec2InstanceImageId',
  'ec2InstanceVpcId',
  'ec2InstanceSubnetId',
  'networkProtocol',
  'componentId',
  'componentType',
  'lambdaFunctionName',
  'lambdaFunctionLayers',
  'lambdaFunctionRuntime',
  'lambdaFunctionExecutionRoleArn',
  'codeVulnerabilityDetectorName',
  'codeVulnerabilityDetectorTags',
  'codeVulnerabilityFilePath',
  'codeRepositoryProjectName',
  'codeRepositoryProviderType',
  'machineImageId',
  'machineImageName',
  'machineImageOwnerAccountId',
  'machineImagePlatform',
  'cloudProviderOrgId',
  'cloudVmImageReference',
  'cloudVmNetworkId',
  'cloudVmSubnetIds',
  'cloudImageRepositoryName',
  'cloudImageRegistry',
  'cloudImageDigest',
  'cloudImageTags',
  'cloudImageArchitecture',
  'cloudServerlessFunctionName',
  'cloudServerlessFunctionRuntime',
  'cloudServerlessFunctionExecutionRole',
] as const
export const imageMomentFields = ['ecrImagePushedAt', 'ecrImageLastInUseAt'] as const
export const recordMomentFields = ['firstObservedAt', 'lastObservedAt', 'updatedAt'] as const
export const foreignMomentFields = [
  'lambdaFunctionLastModifiedAt',
  'cloudImagePushedAt',
  'cloudImageLastInUseAt',
  'cloudServerlessFunctionLastModifiedAt',
] as const
export const imageNumberFields = ['ecrImageInUseCount'] as const
export const recordNumberFields = ['inspectorScore', 'epssScore'] as const
export const foreignNumberFields = ['cloudImageInUseCount'] as const
export const packageTextFields = [
  'name',
  'version',
  'release',
  'architecture',
  'sourceLayerHash',
  'sourceLambdaLayerArn',
  'filePath',
  'runtimeReachability',
  'runtimeReachabilityReason',
] as const

/** Of packages of functions and of running machines. */
const foreignPackageFields = [
  'sourceLambdaLayerArn',
  'runtimeReachability',
  'runtimeReachabilityReason',
] as const satisfies readonly PackageTextField[]

type PackageTextField = (typeof packageTextFields)[number]
type TextField = (
  typeof imageTextFields | typeof recordTextFields | typeof foreignTextFields
)[number]
type MomentField = (
  typeof imageMomentFields | typeof recordMomentFields | typeof foreignMomentFields
)[number]
type NumberField = (
  typeof imageNumberFields | typeof recordNumberFields | typeof foreignNumberFields
)[number]

export type FindingCriteria = Readonly<
  Partial<
    Record<TextField, readonly TextCriterion[]> &
      Record<MomentField, readonly MomentCriterion[]> &
      Record<NumberField, readonly NumberCriterion[]> & {
        resourceTags: readonly TagCriterion[]
        portRange: readonly PortCriterion[]
        vulnerablePackages: readonly PackageCriterion[]
      }
  >
>

/** What is known of an image; an absent field is not known. */
export interface ImageFacts {
  readonly texts: Readonly<Partial<Record<string, readonly string[]>>>
  readonly moments: Readonly<Partial<Record<string, Date>>>
  readonly numbers: Readonly<Partial<Record<string, number>>>
  readonly tags: readonly { readonly key: string; readonly value: string }[]
}

/** What is known of a flaw in an image. */
export interface FlawFacts extends Omit<ImageFacts, 'tags'> {
  readonly packages: readonly PackageFacts[]
}

export interface PackageFacts {
  readonly texts: Readonly<Partial<Record<PackageTextField, string>>>
  readonly epoch: number | undefined
  readonly qualifiers: ReadonlyMap<string, string>
}

/** The part of the criteria that an image alone decides; those that nothing here can meet belong to it. */
export function imageMeets(criteria: FindingCriteria, image: ImageFacts): boolean {
  return (
    criteria.portRange === undefined &&
    textsMeet(criteria, [...imageTextFields, ...foreignTextFields], image) &&
    momentsMeet(criteria, [...imageMomentFields, ...foreignMomentFields], image) &&
    numbersMeet(criteria, [...imageNumberFields, ...foreignNumberFields], image) &&
    (criteria.resourceTags === undefined ||
      criteria.resourceTags.some((one) => tagsMeet(one, image.tags)))
  )
}

/** Whether criteria say anything, be it what must not be, of what no image and no package in one has. */
export function speaksOfOthers(criteria: FindingCriteria): boolean {
  return (
    criteria.portRange !== undefined ||
    [...foreignTextFields, ...foreignMomentFields, ...foreignNumberFields].some(
      (field) => criteria[field] !== undefined,
    ) ||
    criteria.vulnerablePackages?.some((one) =>
      foreignPackageFields.some((field) => one[field] !== undefined),
    ) === true
  )
}

/** The other part. */
export function flawMeets(criteria: FindingCriteria, flaw: FlawFacts): boolean {
  return (
    textsMeet(criteria, recordTextFields, flaw) &&
    momentsMeet(criteria, recordMomentFields, flaw) &&
    numbersMeet(criteria, recordNumberFields, flaw) &&
    (criteria.vulnerablePackages === undefined ||
      criteria.vulnerablePackages.some((one) =>
        flaw.packages.some((found) => packageMeets(one, found)),
      ))
  )
}

type Texts = Pick<ImageFacts, 'texts'>

function textsMeet(
  criteria: FindingCriteria,
  fields: readonly TextField[],
  { texts }: Texts,
): boolean {
  return fields.every((field) => {
    const asked = criteria[field]
    return asked === undefined || textMeets(asked, texts[field] ?? [])
  })
}

/** Wanted ones are alternatives; what is not wanted excludes. */
export function textMeets(asked: readonly TextCriterion[], values: readonly string[]): boolean {
  const wanted = asked.filter(({ comparison }) => comparison !== 'NOT_EQUALS')
  const unwanted = asked.filter(({ comparison }) => comparison === 'NOT_EQUALS')
  return (
    (wanted.length === 0 ||
      wanted.some(({ comparison, value }) =>
        values.some((one) => (comparison === 'PREFIX' ? one.startsWith(value) : one === value)),
      )) &&
    unwanted.every(({ value }) => !values.includes(value))
  )
}

function momentsMeet(
  criteria: FindingCriteria,
  fields: readonly MomentField[],
  { moments }: Pick<ImageFacts, 'moments'>,
): boolean {
  return fields.every((field) => {
    const asked = criteria[field]
    return asked === undefined || momentMeets(asked, moments[field])
  })
}

export function momentMeets(asked: readonly MomentCriterion[], moment: Date | undefined): boolean {
  if (moment === undefined) return false
  const seconds = moment.getTime() / 1000
  return asked.some(
    ({ startInclusive = -Infinity, endInclusive = Infinity }) =>
      startInclusive <= seconds && seconds <= endInclusive,
  )
}

function numbersMeet(
  criteria: FindingCriteria,
  fields: readonly NumberField[],
  { numbers }: Pick<ImageFacts, 'numbers'>,
): boolean {
  return fields.every((field) => {
    const asked = criteria[field]
    return asked === undefined || asked.some((one) => numberMeets(one, numbers[field]))
  })
}

export function numberMeets(
  { lowerInclusive = -Infinity, upperInclusive = Infinity }: NumberCriterion,
  value: number | undefined,
): boolean {
  return value !== undefined && lowerInclusive <= value && value <= upperInclusive
}

function tagsMeet({ key, value }: TagCriterion, tags: ImageFacts['tags']): boolean {
  return tags.some((tag) => tag.key === key && (value === undefined || tag.value === value))
}

function packageMeets(asked: PackageCriterion, found: PackageFacts): boolean {
  const { epoch, purlQualifier } = asked
  return (
    packageTextFields.every((field) => {
      const one = asked[field]
      const value = found.texts[field]
      return one === undefined || textMeets([one], value === undefined ? [] : [value])
    }) &&
    (epoch === undefined || numberMeets(epoch, found.epoch)) &&
    (purlQualifier === undefined || qualifierMeets(purlQualifier, found.qualifiers))
  )
}

function qualifierMeets(
  { key, value }: TagCriterion,
  qualifiers: ReadonlyMap<string, string>,
): boolean {
  const found = qualifiers.get(key)
  return found !== undefined && (value === undefined || found === value)
}

/** Values that a field must equal, where the criteria leave nothing else: what a walk may begin with. */
export function namedValues(
  criteria: FindingCriteria,
  field: TextField,
): readonly string[] | undefined {
  const asked = criteria[field]
  const wanted = asked?.filter(({ comparison }) => comparison !== 'NOT_EQUALS') ?? []
  if (wanted.length === 0 || wanted.some(({ comparison }) => comparison === 'PREFIX'))
    return undefined
  return [...new Set(wanted.map(({ value }) => value))]
}
