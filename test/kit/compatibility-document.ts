// docs/compatibility.md: what of AWS's APIs is served, how far, and how it differs.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cloudTrailOperations } from '../../src/edges/aws/cloudtrail/operations.ts'
import { ecrOperations } from '../../src/edges/aws/ecr/operations.ts'
import { iamOperationNames } from '../../src/edges/aws/iam/operation-names.ts'
import { iamOperations } from '../../src/edges/aws/iam/operations.ts'
import {
  inspectorOperations,
  unservedInspectorOperations,
} from '../../src/edges/aws/inspector2/operations.ts'
import { signerOperations } from '../../src/edges/aws/signer/operations.ts'
import { stsOperationNames } from '../../src/edges/aws/sts/operation-names.ts'
import { stsOperations } from '../../src/edges/aws/sts/operations.ts'
import { deviationIn } from './generated-docs.ts'
import { inputShape, operationNames } from '../conformance/ecr/sdk-model.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Members that are kept and shown, and that nothing acts on. */
const storedOnly: Readonly<Record<string, readonly string[]>> = {
  CreatePullThroughCacheRule: [
    'ecrRepositoryPrefix',
    'upstreamRegistryUrl',
    'upstreamRegistry',
    'upstreamRepositoryPrefix',
    'credentialArn',
    'customRoleArn',
  ],
  CreateRepositoryCreationTemplate: ['customRoleArn'],
  PutReplicationConfiguration: ['replicationConfiguration'],
  UpdatePullThroughCacheRule: ['credentialArn', 'customRoleArn'],
  UpdateRepositoryCreationTemplate: ['customRoleArn'],
}

/** What of an operation is told in the head of a file that is not its own. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  CreatePullThroughCacheRule: ['src/edges/aws/ecr/validate-pull-through-cache-rule.ts'],
  DescribeImageReplicationStatus: ['src/replication/list-replication-statuses.ts'],
  DescribeImageScanFindings: [
    'src/scanning/describe-scan-status.ts',
    'src/edges/aws/ecr/enhanced-findings.ts',
  ],
  DescribeImageSigningStatus: ['src/trust/list-signing-statuses.ts'],
  PutImage: ['src/registry/rules/fallback-tag.ts'],
  PutLifecyclePolicy: [
    'src/lifecycle/rules/parse-lifecycle.ts',
    'src/lifecycle/rules/evaluate-lifecycle.ts',
  ],
  PutRegistryScanningConfiguration: ['src/scanning/rules/scanning-rules.ts'],
  PutReplicationConfiguration: [
    'src/replication/rules/replication-rules.ts',
    'src/replication/list-replication-statuses.ts',
  ],
  PutSigningConfiguration: ['src/trust/list-signing-statuses.ts'],
  RegisterPullTimeUpdateExclusion: ['src/registry/pull-time-exclusions.ts'],
  StartReplicationBackfill: ['src/replication/rules/backfill.ts'],
}

export function compatibilityDocument(): string {
  return `# Compatibility with AWS

What of AWS's APIs is served, and how it differs. \`test/conformance/ecr\` holds it against the model that the SDKs carry: every operation is run by the SDK for
JavaScript, boto3 and the aws command line, every exception of the model is met or its absence explained. Written by \`npm run docs\`.

## ECR

${ecrOperations.size} of the ${operationNames.length} operations of the model (2015-09-21) are served.

Members are those of the input. One that is stored only is kept and shown, and nothing acts on it; one that is ignored is accepted and changes nothing. Two things hold for all of them: there is no KMS, so no
KmsException; and what breaks the model is told as AWS tells it, with the member, the value and the rule.

${ecrRows()}

${servedSection('IAM', iamOperations.keys(), iamOperationNames)}

${servedSection('STS', stsOperations.keys(), stsOperationNames)}

${servedSection('Inspector2', inspectorOperations.keys(), [...inspectorOperations.keys(), ...unservedInspectorOperations])}

## Signer

All ${signerOperations.size} operations are served ([how](signing.md#the-signer-api)): ${[...signerOperations.keys()].toSorted().join(', ')}. StartSigningJob answers an error, since it
signs objects of S3.

## CloudTrail

Served: ${[...cloudTrailOperations.keys()].join(', ')}.
`
}

function ecrRows(): string {
  const rows = [...ecrOperations.keys()].toSorted().map((name) => {
    const honoured = honouredMembers(name)
    const members = [...inputShape(name).members.keys()]
    const ignored = members.filter((member) => !honoured.includes(member))
    const stored = storedOnly[name] ?? []
    const acted = honoured.filter((member) => members.includes(member) && !stored.includes(member))
    const cells = [
      name,
      acted.join(', '),
      stored.join(', '),
      ignored.join(', '),
      deviationsOf(name).join(' '),
    ]
    return `| ${cells.map((text) => (text === '' ? '–' : cell(text))).join(' | ')} |`
  })
  return `| operation | members honoured | stored only | ignored | differs from AWS |\n|---|---|---|---|---|\n${rows.join('\n')}`
}

function honouredMembers(name: string): readonly string[] {
  const model = ecrOperations.get(name)?.model ?? {}
  return 'properties' in model && typeof model.properties === 'object' && model.properties !== null
    ? Object.keys(model.properties)
    : []
}

function deviationsOf(name: string): readonly string[] {
  const own = `src/edges/aws/ecr/${kebab(name)}.ts`
  return [own, ...(rooms[name] ?? [])].flatMap((file) => {
    const words = deviationIn(readSource(file))
    return words === undefined ? [] : [sentence(words)]
  })
}

/** Two operations on one document may be one file. */
function readSource(file: string): string {
  const shared: Readonly<Record<string, string>> = {
    'get-registry-scanning-configuration': 'registry-scanning-configuration',
    'put-registry-scanning-configuration': 'registry-scanning-configuration',
  }
  const [, name = ''] = /([^/]+)\.ts$/.exec(file) ?? []
  return readFileSync(root + file.replace(name, shared[name] ?? name), 'utf8')
}

function servedSection(title: string, served: Iterable<string>, all: Iterable<string>): string {
  const known = new Set(served)
  const rest = [...all].filter((name) => !known.has(name)).toSorted()
  const count = known.size + rest.length
  return `## ${title}

${known.size} of ${count} operations are served: ${[...known].toSorted().join(', ')}.

Not served: ${rest.length === 0 ? 'none' : rest.join(', ')}.`
}

function kebab(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
}

/** Words may begin with the name of a member: they are not capitalised. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
