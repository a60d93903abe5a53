# What pages share; start, home of an authority, and what did not go as planned.

portal-title = 憑證IC卡入口網站
portal-test = 測試
portal-skip = 跳到主要內容
portal-trail = 您在這裡
portal-home = 首頁
portal-footer-test = 這裡的憑證管理中心、卡片與憑證都是測試用的，沒有法律效力。
portal-footer-cookie = 本網站的 Cookie 只記住您選擇的語言；登入時，另外記住這次登入，登出或 30 分鐘後就失效。
portal-privacy = 隱私權說明
portal-contact = 需要協助
portal-contact-text = 請在服務時間來電，並準備好卡號。不要把用戶代碼或PIN碼告訴任何人，服務人員也不會問您。
portal-telephone = 電話
portal-hours = 服務時間
portal-address = 地址

# 首頁

portal-start-title = 您的卡片是哪一個中心發的？
portal-start-lead = 請選擇核發您卡片的憑證管理中心，名稱印在卡片正面。
portal-start-number = 卡號開頭：{ $prefixes }

# 中心首頁

portal-jobs = 您要辦理什麼？
portal-certificates = 憑證查詢及下載
portal-certificates-choice = 查看憑證是否有效，下載憑證檔案。不需要卡片。
portal-counter-title = 開卡在註冊窗口辦理
portal-counter-text = 本中心的卡片由註冊窗口人員當面為您開卡，不在線上辦理。領到卡片時就可以使用。
portal-counter-bring = 請本人攜帶身分證件及卡片到註冊窗口。
portal-counter-pin = 開卡後請保管好PIN碼，並儘快換成只有您知道的號碼。
portal-counter-problem = 領卡後不能使用，請先以「憑證查詢及下載」查看憑證狀態，再聯絡我們。
portal-mailer-title = 卡片不需要開卡
portal-mailer-text = 本中心的卡片寄出時憑證已經有效，另外寄給您的密碼單上有PIN碼，兩者都收到就可以使用。
portal-mailer-apart = 卡片和密碼單分開寄送，可能相差幾天。
portal-mailer-sealed = 密碼單如果已經拆開或破損，請不要使用卡片，立刻聯絡我們。
portal-mailer-problem = 只收到其中一份，或卡片不能使用，請聯絡我們。
portal-authority-files = 中心的憑證與廢止清冊
portal-authority-files-text = 給需要驗證憑證的系統及人員使用；一般持卡人不必下載。
portal-file-certificate = 中心憑證
portal-file-root = 根憑證
portal-file-crl = 憑證廢止清冊（CRL）
portal-file-crl-root = 根憑證機構的廢止清冊（CRL）
portal-file-of = { $what }，第 { $ordinal } 代，{ $since } 起

# 沒有照預期的頁面

portal-error-not-found = 找不到這一頁
    .message = 網址可能打錯了，或是這一頁已經不在。
    .next = 請檢查網址，或從首頁重新開始。
portal-error-foreign = 這個請求沒有處理
    .message = 它不是從本網站的頁面送出的。為了保護您，我們沒有處理。
    .next = 請從首頁重新開始。若您是按了別處的連結才看到這一頁，請不要再按那個連結。
portal-error-many = 請稍候再試
    .message = 短時間內從您的網路送來太多次請求。
    .next = 請等幾分鐘，再回上一頁試一次。
portal-error-busy = 系統忙碌中
    .message = 現在沒有辦法處理您的請求，什麼都沒有改變。
    .next = 請過一會兒再試一次。
portal-error-internal = 系統發生問題
    .message = 發生了我們沒有料到的問題，已經記錄下來。
    .next = 請過一會兒再試一次。若仍然如此，請聯絡發卡的憑證管理中心。
portal-error-home = 回首頁
portal-error-other = 這件事沒有完成
