import '../plugin.js';
import Rails from '@rails/ujs';

Rails.start();
