import '../plugin.js';
import './onboarding.js';
