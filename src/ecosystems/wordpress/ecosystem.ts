import type { Ecosystem } from '../ecosystem.ts'
import { compareUnordered, lookupNowhere } from '../unordered.ts'
import { wordpressPlugin } from './plugin-header.ts'

export const wordpress: Ecosystem = {
  type: 'wordpress',
  extractors: [wordpressPlugin],
  compareVersions: compareUnordered,
  packageManager: 'WORDPRESS',
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name.toLowerCase(),
  lookup: lookupNowhere('plugins of WordPress in the form that is read here'),
}
