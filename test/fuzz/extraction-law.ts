import assert from 'node:assert/strict'
import { formatPurl } from '../../src/ecosystems/purl.ts'
import { findEcosystem } from '../../src/ecosystems/table.ts'
import { findExtractor } from '../kit/extractor-cases.ts'

/** What everybody behind the extractors relies on. */
export function holdsForExtraction(id: string, path: string, bytes: Buffer): void {
  const { instances, problems, owned = [] } = findExtractor(id).extract(path, bytes)
  for (const problem of problems) {
    assert.ok(problem.reason.length > 3 && problem.reason.length < 2000, problem.reason)
    assert.ok(problem.path.startsWith(path))
  }
  for (const instance of instances) {
    const { type, name, version } = instance.package
    assert.ok(name !== '' && version !== '')
    assert.ok(instance.path.startsWith(path))
    assert.match(formatPurl(instance.package, undefined), /^pkg:/)
    const ecosystem = findEcosystem(type)
    assert.ok(ecosystem !== undefined, type)
    ecosystem.lookup(instance.package, undefined)
    ecosystem.compareVersions(version, '1')
  }
  for (const { owner, paths } of owned) {
    assert.notEqual(owner, '')
    // A path that leads out of the root would make somebody the owner of another's file.
    for (const one of paths) assert.doesNotMatch(one, /^\/|(?:^|\/)\.\.(?:\/|$)/)
  }
}
