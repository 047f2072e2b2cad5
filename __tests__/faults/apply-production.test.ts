import { productionOnly } from '../operations/outside.ts'
import { openApply } from './apply.ts'
import { testMatrix } from './matrix.ts'

await testMatrix({ name: 'apply on production', open: () => openApply({ edit: productionOnly }) })
