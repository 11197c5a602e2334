// What criteria are held against, of a finding's record.
import { parsePurl } from '../lib/purl.ts'
import type { FindingRecord, RecordedImage, RecordedPackage } from './finding-record.ts'
import {
  flawMeets,
  type FindingCriteria,
  type FlawFacts,
  type ImageFacts,
  type PackageFacts,
} from './rules/finding-criteria.ts'
import { findingArn, imageArn, inspectorSeverity } from './spell-finding.ts'

export function imageFacts(region: string, image: RecordedImage): ImageFacts {
  const { account, architecture, use } = image
  return {
    texts: {
      awsAccountId: [account],
      findingType: ['PACKAGE_VULNERABILITY'],
      resourceType: ['AWS_ECR_CONTAINER_IMAGE'],
      resourceId: [imageArn(region, image)],
      ecrImageArchitecture: architecture === undefined ? [] : [architecture],
      ecrImageRegistry: [account],
      ecrImageRepositoryName: [image.repository],
      ecrImageTags: image.tags,
      ecrImageHash: [image.digest],
      cloudProvider: ['AWS'],
      cloudProviderRegion: [region],
      cloudProviderAccountId: [account],
    },
    moments: {
      ecrImagePushedAt: image.pushedAt,
      ...(use?.lastSeenAt === undefined ? {} : { ecrImageLastInUseAt: use.lastSeenAt }),
    },
    numbers: use === undefined ? {} : { ecrImageInUseCount: use.units },
    tags: image.repositoryTags,
  }
}

export function flawFacts(region: string, record: FindingRecord): FlawFacts {
  const { score, exploitation, vendorSeverity } = record
  const { epss } = exploitation
  return {
    texts: {
      findingArn: [findingArn(region, record)],
      severity: [inspectorSeverity(record.severity)],
      findingStatus: [record.status],
      title: [record.title],
      vulnerabilityId: [record.vulnerability],
      vulnerabilitySource: [record.source],
      vendorSeverity: vendorSeverity === undefined ? [] : [vendorSeverity],
      relatedVulnerabilities: record.aliases,
      fixAvailable: [record.fixAvailable],
      exploitAvailable: [exploitation.kev === undefined ? 'NO' : 'YES'],
    },
    moments: {
      firstObservedAt: record.firstObservedAt,
      lastObservedAt: record.updatedAt,
      updatedAt: record.updatedAt,
    },
    numbers: {
      ...(score === undefined ? {} : { inspectorScore: score.score }),
      ...(epss === undefined ? {} : { epssScore: epss.score }),
    },
    packages: record.packages.map(packageFacts),
  }
}

function packageFacts(found: RecordedPackage): PackageFacts {
  const { name, version, release, architecture, layerDigest, path, epoch, purl } = found
  return {
    texts: {
      name,
      version,
      ...(release === undefined ? {} : { release }),
      ...(architecture === undefined ? {} : { architecture }),
      sourceLayerHash: layerDigest,
      filePath: path,
    },
    epoch,
    qualifiers: parsePurl(purl)?.qualifiers ?? new Map<string, string>(),
  }
}

/** Whether a record whose image meets them meets the criteria. */
export function criteriaMeet(
  criteria: FindingCriteria,
  region: string,
  record: FindingRecord,
): boolean {
  return flawMeets(criteria, flawFacts(region, record))
}
