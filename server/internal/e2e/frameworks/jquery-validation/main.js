import '../plugin.js';
import 'jquery-validation';
import './onboarding.js';
