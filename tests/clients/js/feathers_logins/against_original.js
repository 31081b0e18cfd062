'use strict';
// Runs these suites against Feathers itself, which shows that they ask for what it does:
//   node against_original.js
require('../original_suites').run(__dirname, 'TEST_FEATHERS_LOGINS_URL');
