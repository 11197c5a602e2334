// Purpose:  which event is a request, and what kind of event.
// Spec:     AWS CloudTrail User Guide, "CloudTrail record contents" (eventSource, eventName, readOnly, eventCategory).
// Input:    the IAM action that was judged, or the route where none was; names of this program, not of the client.
// Deviates: a request of the distribution API is told as the ECR operation that it stands for.
// Unknowns: an operation of which nothing is known counts as one that changes something.

export interface EventName {
  /** `ecr`, `sts`, `iam`, `cloudtrail`, `pratique`. */
  readonly service: string
  readonly name: string
}

/** What stands in an action or an operation: `ecr:PutImage`. */
export function parseEventName(text: string): EventName | undefined {
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { service: text.slice(0, colon), name: text.slice(colon + 1) }
}

/** ECR's operation for a route of /v2, as its method and the kind of its path. */
const operationOfRoute: Readonly<Record<string, string>> = {
  'GET base': 'SignIn',
  'HEAD base': 'SignIn',
  'GET catalog': 'DescribeRepositories',
  'HEAD catalog': 'DescribeRepositories',
  'GET manifest': 'BatchGetImage',
  'HEAD manifest': 'BatchGetImage',
  'PUT manifest': 'PutImage',
  'DELETE manifest': 'BatchDeleteImage',
  'HEAD blob': 'BatchCheckLayerAvailability',
  'GET blob': 'GetDownloadUrlForLayer',
  'DELETE blob': 'DeleteLayer',
  'POST uploads': 'InitiateLayerUpload',
  'GET upload': 'GetLayerUpload',
  'PATCH upload': 'UploadLayerPart',
  'PUT upload': 'CompleteLayerUpload',
  'DELETE upload': 'AbandonLayerUpload',
  'GET tags': 'ListImages',
  'HEAD tags': 'ListImages',
  'GET referrers': 'ListImageReferrers',
  'HEAD referrers': 'ListImageReferrers',
  'GET token': 'GetBearerToken',
  'POST token': 'GetBearerToken',
  'GET download': 'GetDownloadUrlForLayer',
}

/** A route of which no operation of ECR says the same: `TRACE other` → `TraceOther`. */
export function eventNameOfRoute(operation: string): EventName {
  const name =
    operationOfRoute[operation] ??
    operation
      .split(/[^A-Za-z0-9]+/)
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
      .join('')
  return { service: 'ecr', name: name === '' ? 'Unknown' : name }
}

const readingName =
  /^(?:Get|List|Describe|BatchGet|BatchCheck|Lookup|Simulate|Explain|Plan|Search|Verify|Export|Decode|Preview|Validate|Head|Options|CheckStorage|ScanArchive|SignIn|WhoCan|Lint)/
/** They read, and hand out what opens doors. */
const issuingName = /^(?:GetAuthorizationToken|GetSessionToken|GetFederationToken|AssumeRole)/
/** What leaves by itself and is seen by nobody but who sends it: the completion tells of it. */
const sendingNames: ReadonlySet<string> = new Set([
  'InitiateLayerUpload',
  'UploadLayerPart',
  'GetLayerUpload',
  'AbandonLayerUpload',
])
const dataNames: ReadonlySet<string> = new Set([
  ...sendingNames,
  'BatchGetImage',
  'BatchCheckLayerAvailability',
  'GetDownloadUrlForLayer',
  'CompleteLayerUpload',
  'ListImageReferrers',
  'GetBearerToken',
  'SignIn',
])

export interface EventKind {
  readonly isReadOnly: boolean
  /** Traffic of images, of which there is much; everything else is management. */
  readonly isData: boolean
  /** Whether the answer waits until its record is on the disk; a denial always does. */
  readonly isDurable: boolean
}

export function eventKindOf({ name }: EventName): EventKind {
  const isIssuing = issuingName.test(name)
  const isReadOnly = isIssuing || readingName.test(name)
  return {
    isReadOnly,
    isData: dataNames.has(name),
    isDurable: isIssuing || !(isReadOnly || sendingNames.has(name)),
  }
}

/** Whether an action changes something: while nothing can be recorded, it must not be done. */
export function isChange(action: string): boolean {
  const event = parseEventName(action)
  return event === undefined || !eventKindOf(event).isReadOnly
}
